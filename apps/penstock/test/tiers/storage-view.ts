import { kvindexV1, kvoffloadV1 } from '@penstock/contracts';
import { createGrpcClient } from '@penstock/platform';
import type { SuiteRecord } from '../../src/suite/state.js';
import { type CopyName, copyName } from './stored-copies.js';

type Offload = {
  ListChunks: { request: Partial<kvoffloadV1.ListChunksRequest>; response: kvoffloadV1.ListChunksResponse };
  Stats: { request: object; response: kvoffloadV1.StatsResponse };
};
type Index = {
  Lookup: { request: Partial<kvindexV1.LookupRequest>; response: kvindexV1.LookupResponse };
};

const { CopyState } = kvoffloadV1;
const DEADLINE = { deadlineMs: 10_000 };

/** What kv-offload knows. */
export interface Ledger {
  /** Copies that are there for good. */
  readonly copies: Set<CopyName>;
  /** Copies that are being written or removed. */
  readonly inMotion: number;
  /** `<key> <tier> <node>` of every block with a copy. */
  readonly facts: Set<string>;
}

/** Asks kv-offload for its ledger and kv-index for what it was told of storage. */
export class StorageView {
  private readonly offload;
  private readonly index;

  constructor(private readonly record: SuiteRecord) {
    const { kvOffloadGrpc, kvIndexGrpc } = record.urls;
    this.offload = createGrpcClient<Offload>({
      ...{ proto: 'kvoffload', service: 'KvOffloadService', address: kvOffloadGrpc },
    });
    this.index = createGrpcClient<Index>({
      ...{ proto: 'kvindex', service: 'KvIndexService', address: kvIndexGrpc },
      maxMessageBytes: 64 * 1024 * 1024,
    });
  }

  close(): void {
    this.offload.close();
    this.index.close();
  }

  stats(): Promise<kvoffloadV1.StatsResponse> {
    return this.offload.call('Stats', {}, DEADLINE);
  }

  async ledger(): Promise<Ledger> {
    const ledger = { copies: new Set<CopyName>(), inMotion: 0, facts: new Set<string>() };
    for await (const { chunks } of this.offload.stream('ListChunks', {}, DEADLINE)) {
      for (const { path, blockKeys, copies } of chunks) {
        for (const { tier, node, state } of copies) {
          const name = nameOf(tier);
          if (state === CopyState.COPY_STATE_VALID) ledger.copies.add(copyName(name, node, path));
          else ledger.inMotion++;
          for (const key of keysOf(blockKeys)) ledger.facts.add(`${key} ${name} ${node}`);
        }
      }
    }
    return ledger;
  }

  /** `<key> <tier> <node>` of what storage holds of the keys, as kv-index was told. */
  async indexed(keys: ReadonlySet<string>): Promise<Set<string>> {
    const facts = new Set<string>();
    const { namespace, pool, model } = this.record;
    const blockKeys = Buffer.from([...keys].join(''), 'hex');
    const given = { tokenIds: [], blockKeys, blockChecks: Buffer.alloc(0), items: [], blockSize: 0 };
    const prompt = { namespace: { model, tenant: '', lora: '', cacheSalt: '' }, ...given };
    const query = { poolNamespace: namespace, pool, prompt };
    const { blocks } = await this.index.call('Lookup', query, DEADLINE);
    for (const { key, holders } of blocks) {
      for (const { engineId, tier } of holders) {
        if (!engineId.startsWith('@')) continue;
        const node = /\/node\/(.+)$/.exec(engineId)?.[1] ?? '';
        facts.add(`${Buffer.from(key).toString('hex')} ${nameOf(tier)} ${node}`);
      }
    }
    return facts;
  }
}

/** `TIER_CPU` as `cpu`. */
function nameOf(tier: string): string {
  return tier.replace('TIER_', '').toLowerCase();
}

/** Keys of a message, each in hexadecimal. */
function keysOf(bytes: Uint8Array): string[] {
  return Buffer.from(bytes).toString('hex').match(/.{16}/g) ?? [];
}
