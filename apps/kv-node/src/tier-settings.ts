import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { ConfigError } from '@penstock/platform';
import type { KvNodeConfig } from './config.js';
import { OWN_FOLDER } from './tiers/own-folder.js';

export interface FolderSettings {
  readonly root: string;
  readonly capacityBytes: number;
}

export interface S3Settings {
  readonly endpoint?: string;
  readonly bucket: string;
  readonly prefix?: string;
  readonly region: string;
  readonly credentials?: { readonly accessKeyIdFile: string; readonly secretAccessKeyFile: string };
}

/** The tiers of the node, as far as it has them. */
export interface TierSettings {
  readonly cpu: FolderSettings;
  readonly ssd?: FolderSettings;
  /** Whether copies on the SSD survive a power failure. */
  readonly ssdSync: boolean;
  readonly s3?: S3Settings;
  readonly dataDir: string;
}

/**
 * What settings mean together.
 * @throws ConfigError naming every contradiction
 */
export function tierSettings(config: KvNodeConfig): TierSettings {
  const problems: string[] = [];
  const expect = (holds: boolean, problem: string) => {
    if (!holds) problems.push(problem);
  };
  const cpu = { root: resolve(config.cpuDir), capacityBytes: config.cpuCapacity };
  const {
    ssdDir,
    ssdCapacity,
    s3Bucket,
    s3AccessKeyIdFile: idFile,
    s3SecretAccessKeyFile: secretFile,
  } = config;
  expect((ssdDir === undefined) === (ssdCapacity === undefined), '--ssd-dir and --ssd-capacity go together');
  expect(
    (idFile === undefined) === (secretFile === undefined),
    '--s3-access-key-id-file and --s3-secret-access-key-file go together',
  );
  const ofS3 = config.s3Endpoint ?? config.s3Prefix ?? idFile;
  expect(s3Bucket !== undefined || ofS3 === undefined, '--s3-bucket is required with other settings of S3');
  expect(
    config.lowWatermark < config.highWatermark,
    `--low-watermark (${config.lowWatermark}) must be below --high-watermark (${config.highWatermark})`,
  );
  const ssd =
    ssdDir === undefined || ssdCapacity === undefined
      ? undefined
      : { root: resolve(ssdDir), capacityBytes: ssdCapacity };
  if (ssd) {
    expect(
      !isInside(ssd.root, cpu.root) && !isInside(cpu.root, ssd.root),
      '--cpu-dir and --ssd-dir must be two folders, none inside the other',
    );
  }
  const dataDir = resolve(config.dataDir ?? join((ssd ?? cpu).root, OWN_FOLDER));
  for (const { root } of ssd ? [cpu, ssd] : [cpu]) {
    const own = join(root, OWN_FOLDER);
    expect(
      !isInside(dataDir, root) || isInside(dataDir, own),
      `--data-dir must not be among the chunks of ${root}; leave it out, or name a folder elsewhere`,
    );
  }
  if (problems.length > 0) throw new ConfigError('kv-node', problems);
  const credentials =
    idFile === undefined || secretFile === undefined
      ? undefined
      : { accessKeyIdFile: idFile, secretAccessKeyFile: secretFile };
  const s3 =
    s3Bucket === undefined
      ? undefined
      : {
          bucket: s3Bucket,
          region: config.s3Region,
          ...(config.s3Endpoint === undefined ? {} : { endpoint: config.s3Endpoint }),
          ...(config.s3Prefix === undefined ? {} : { prefix: config.s3Prefix }),
          ...(credentials === undefined ? {} : { credentials }),
        };
  return { cpu, ...(ssd ? { ssd } : {}), ssdSync: config.ssdSync, ...(s3 ? { s3 } : {}), dataDir };
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (!isAbsolute(way) && way !== '..' && !way.startsWith(`..${sep}`));
}
