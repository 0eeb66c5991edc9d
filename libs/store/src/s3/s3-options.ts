export interface S3Options {
  readonly bucket: string;
  /** Put before every key with a `/`; empty or absent for none. */
  readonly prefix?: string;
  /** `http://host:port` of a server that speaks S3, with paths as `/<bucket>/<key>`; absent for AWS itself. */
  readonly endpoint?: string;
  /** Default `us-east-1`, which other servers than AWS take. */
  readonly region?: string;
  /**
   * Files with the two halves of the credentials, read again every five minutes. Absent: what the AWS SDK finds
   * (environment, web identity, container, instance).
   */
  readonly credentials?: { readonly accessKeyIdFile: string; readonly secretAccessKeyFile: string };
  /** Longest time to open a connection. Default 2,000 ms. */
  readonly connectTimeoutMs?: number;
  /** Longest silence on a connection. Default 10,000 ms. */
  readonly idleTimeoutMs?: number;
  /** Tries of one call, the first included. Default 3. */
  readonly attempts?: number;
  /** Connections at a time. Default 32. */
  readonly connections?: number;
}
