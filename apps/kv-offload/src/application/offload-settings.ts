import type { DemotionSettings } from '@penstock/core/tiering';
import { ConfigError } from '@penstock/platform';
import type { KvOffloadConfig } from '../config.js';

/** What the settings mean together. @throws ConfigError naming every contradiction */
export function demotionSettings(config: KvOffloadConfig): DemotionSettings {
  const { highWatermark: high, lowWatermark: low, s3Bucket, s3Endpoint, s3Prefix, kvNodes = '' } = config;
  const { s3AccessKeyIdFile: idFile, s3SecretAccessKeyFile: secretFile } = config;
  const problems: string[] = [];
  if (low >= high) {
    problems.push(`--low-watermark (${low}) must be below --high-watermark (${high})`);
  }
  if ((idFile === undefined) !== (secretFile === undefined)) {
    problems.push('--s3-access-key-id-file and --s3-secret-access-key-file go together');
  }
  if (s3Bucket === undefined && (s3Endpoint ?? s3Prefix ?? idFile) !== undefined) {
    problems.push('--s3-bucket is required with other settings of S3');
  }
  const names = kvNodes.split(',').map((entry) => entry.split('=')[0]);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) problems.push(`--kv-nodes names node "${twice}" twice`);
  if (problems.length > 0) throw new ConfigError('kv-offload', problems);
  const { s3AdmissionUses, maxMovesInFlight: maxMoves } = config;
  return { high, low, s3: s3Bucket !== undefined, s3AdmissionUses, maxMoves };
}
