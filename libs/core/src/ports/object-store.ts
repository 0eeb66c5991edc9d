/**
 * Why an object store did not do what it was asked.
 *
 * - `not-found`: no object of this key
 * - `no-bucket`: the bucket does not exist
 * - `denied`: credentials are missing, wrong, or not allowed to do this
 * - `unreachable`: no connection, no answer in time, or the server is overloaded; worth another try later
 * - `checksum`: bytes and checksum do not agree
 * - `size`: another number of bytes than announced
 * - `refused`: anything else that the server did not accept
 */
export type ObjectStoreErrorCode =
  | 'not-found'
  | 'no-bucket'
  | 'denied'
  | 'unreachable'
  | 'checksum'
  | 'size'
  | 'refused';

/** One sentence: what failed, where, and how to fix it. */
export class ObjectStoreError extends Error {
  constructor(
    readonly code: ObjectStoreErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ObjectStoreError';
  }
}

/** What is stored beside the bytes. Names lower case, values ASCII without line ends; at most 2 KiB in all. */
export type ObjectMetadata = Readonly<Record<string, string>>;

export interface ObjectHead {
  readonly sizeBytes: number;
  readonly metadata: ObjectMetadata;
}

export interface ObjectContent extends ObjectHead {
  /** The bytes, once; throws `ObjectStoreError`. Must be read to the end or ended with `return`. */
  readonly body: AsyncIterableIterator<Uint8Array>;
}

export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
}

export interface PutObjectOptions {
  /** Number of bytes of the body. */
  readonly sizeBytes: number;
  /** CRC-32 (IEEE) of the body; the store refuses other bytes. */
  readonly crc32: number;
  readonly metadata?: ObjectMetadata;
}

/**
 * Objects under one prefix of one bucket; keys are relative to the prefix. Every call throws `ObjectStoreError`.
 * An object is there as a whole or not at all.
 */
export interface ObjectStore {
  /** Bucket and prefix, for people. */
  readonly where: string;
  /**
   * Stores an object, in place of one of the same key. A body of bytes is tried again on a failure, a stream not;
   * an error of the stream itself is thrown as it is.
   */
  put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options: PutObjectOptions): Promise<void>;
  get(key: string): Promise<ObjectContent>;
  /** Undefined when there is no such object (or no such bucket: the protocol does not tell which). */
  head(key: string): Promise<ObjectHead | undefined>;
  /** Removes objects; those that are not there count as removed. */
  delete(keys: readonly string[]): Promise<void>;
  /** Objects in the order of their keys. @param after continues behind this key */
  list(options?: { readonly prefix?: string; readonly after?: string }): AsyncIterable<ListedObject>;
  /** Asks the store whether the bucket can be listed; throws with the reason when it cannot. */
  probe(): Promise<void>;
  close(): Promise<void>;
}
