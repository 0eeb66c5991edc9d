/** The package has no types. Only what we use of it. */
declare module 's3rver' {
  import type { RequestListener } from 'node:http';
  import type { Readable } from 'node:stream';

  export interface S3rverObject {
    readonly bucket: string;
    readonly key: string;
    readonly content: Readable | Buffer;
    /** Headers of the request. */
    readonly metadata: Readonly<Record<string, string>>;
  }

  export interface S3rverStore {
    getResourcePath(bucket: string, key: string, resource: string): string;
    putMetadata(bucket: string, key: string, metadata: object, md5: string): Promise<void>;
    putObject(object: S3rverObject): Promise<{ size: number; md5: string }>;
    deleteObject(bucket: string, key: string): Promise<void>;
  }

  /** Of Koa's context, what a listing needs. */
  export interface S3rverContext {
    readonly method: string;
    query: Record<string, string | string[] | undefined>;
    body: unknown;
  }

  export default class S3rver {
    constructor(options: {
      address: string;
      port: number;
      silent: boolean;
      directory: string;
      vhostBuckets: boolean;
      configureBuckets: ReadonlyArray<{ name: string }>;
    });
    readonly store: S3rverStore;
    readonly middleware: Array<(context: S3rverContext, next: () => Promise<void>) => Promise<void>>;
    readonly serverOptions: { readonly address: string; readonly port: number };
    configureBuckets(): Promise<unknown>;
    callback(): RequestListener;
  }
}

declare module 's3rver/lib/models/error.js' {
  export default class S3Error extends Error {
    constructor(code: string, message: string);
  }
}
