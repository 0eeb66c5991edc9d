import type { kvnodeV1 } from '@penstock/contracts';
import { createGrpcClient } from '@penstock/platform';
import type { KvNodeClient } from '../application/kv-node-client.js';

type Methods = {
  WatchInventory: { request: kvnodeV1.WatchInventoryRequest; response: kvnodeV1.WatchInventoryResponse };
  Adopt: { request: kvnodeV1.AdoptRequest; response: kvnodeV1.AdoptResponse };
  Move: { request: kvnodeV1.MoveRequest; response: kvnodeV1.MoveResponse };
  Verify: { request: kvnodeV1.VerifyRequest; response: kvnodeV1.VerifyResponse };
  Stats: { request: kvnodeV1.StatsRequest; response: kvnodeV1.StatsResponse };
};

export interface KvNodeTimeouts {
  readonly moveMs: number;
}

const ADOPT_MS = 30_000;
const PING_MS = 5_000;
/** A watch is begun anew after this long: the client gives every call a deadline. */
const WATCH_MS = 6 * 60 * 60 * 1000;
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** `penstock.kvnode.v1` of one node. */
export function connectGrpcKvNode(address: string, { moveMs }: KvNodeTimeouts): KvNodeClient {
  const client = createGrpcClient<Methods>({
    proto: 'kvnode',
    service: 'KvNodeService',
    address,
    maxMessageBytes: MAX_MESSAGE_BYTES,
  });
  return {
    watch: (signal) => client.stream('WatchInventory', {}, { deadlineMs: WATCH_MS, signal }),
    adopt: async (chunks) => (await client.call('Adopt', { chunks }, { deadlineMs: ADOPT_MS })).results,
    move: async (moves) => (await client.call('Move', { moves }, { deadlineMs: moveMs })).results,
    verify: async (copies) => (await client.call('Verify', { copies }, { deadlineMs: moveMs })).problems,
    ping: async () => void (await client.call('Stats', {}, { deadlineMs: PING_MS })),
    close: () => client.close(),
  };
}
