import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import { continueListing } from './continue-listing.js';
import { storeWholeObjects } from './whole-objects.js';

export interface S3ServerOptions {
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** Default: any free port. */
  readonly port?: number;
  /** Folder of the objects; a temporary one, removed by `stop`, by default. */
  readonly dataDir?: string;
  /** Made when it is not there. Default `penstock`. */
  readonly bucket?: string;
}

/** A small S3 server in this process; `S3_SERVER_CREDENTIALS` are the only ones it takes. */
export interface S3Server {
  /** `http://host:port`. */
  readonly url: string;
  readonly port: number;
  readonly bucket: string;
  readonly dataDir: string;
  stop(): Promise<void>;
}

/** @throws Error when the port is taken or the folder cannot be written */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const { host = '127.0.0.1', port = 0, bucket = 'penstock' } = options;
  const own = options.dataDir === undefined ? mkdtempSync(join(tmpdir(), 'penstock-s3-')) : undefined;
  const dataDir = options.dataDir ?? own ?? '';
  const server = new S3rver({
    address: host,
    port,
    silent: true,
    directory: dataDir,
    // Paths are /<bucket>/<key>: a loopback address has no name per bucket.
    vhostBuckets: false,
    configureBuckets: [{ name: bucket }],
  });
  storeWholeObjects(server.store);
  server.middleware.splice(-1, 0, continueListing);
  const removeFolder = () => {
    if (own) rmSync(own, { recursive: true, force: true });
  };
  const http = await listen(server).catch((error: unknown) => {
    removeFolder();
    throw error;
  });
  return {
    url: `http://${host}:${portOf(http)}`,
    port: portOf(http),
    bucket,
    dataDir,
    stop: async () => {
      const closed = new Promise((resolve) => http.close(resolve));
      http.closeAllConnections();
      await closed;
      removeFolder();
    },
  };
}

/** Our own listener: s3rver's never answers when the port is taken, and its error ends the process. */
async function listen(server: S3rver): Promise<Server> {
  await server.configureBuckets();
  const { address, port } = server.serverOptions;
  const http = createServer(server.callback());
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, address, resolve);
  });
  return http;
}

function portOf(http: Server): number {
  const bound = http.address();
  return bound !== null && typeof bound === 'object' ? bound.port : -1;
}
