import type { kvnodeV1 } from '@penstock/contracts';

/** The kv-node of one node. Every call rejects when it cannot be asked or does not answer in time. */
export interface KvNodeClient {
  /** Everything the node holds, then every change; ends or throws when the connection does. */
  watch(signal: AbortSignal): AsyncIterable<kvnodeV1.WatchInventoryResponse>;
  adopt(chunks: kvnodeV1.WrittenChunk[]): Promise<kvnodeV1.AdoptResult[]>;
  move(moves: kvnodeV1.ChunkMove[]): Promise<kvnodeV1.MoveResult[]>;
  /** One answer per copy, empty when it is intact. */
  verify(copies: kvnodeV1.CopyRef[]): Promise<string[]>;
  /** A sign of life, for both sides. */
  ping(): Promise<void>;
  close(): void;
}

/** @param address `ip:port` */
export type ConnectKvNode = (address: string) => KvNodeClient;
