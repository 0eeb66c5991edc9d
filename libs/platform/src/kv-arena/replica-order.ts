import type { EventData } from '@penstock/contracts';
import type { KvDelta, KvSnapshot } from '@penstock/core/kv';

/** What happened to a holder's blocks, or to how they are followed; times are those of the caller's clock. */
export type ReplicaOrder =
  | { readonly type: 'kv.delta'; readonly nowMs: number; readonly data: EventData<'kv.delta'> }
  | { readonly type: 'kv.snapshot'; readonly nowMs: number; readonly data: EventData<'kv.snapshot'> }
  /** A `kv.delta` whose layout is not known. */
  | { readonly type: 'unknown-wire' }
  /** What this process itself follows at first hand. */
  | { readonly type: 'own'; readonly nowMs: number; readonly deltas: readonly KvDelta[] }
  | { readonly type: 'own-snapshot'; readonly nowMs: number; readonly snapshots: readonly KvSnapshot[] }
  | { readonly type: 'gone'; readonly engineId: string; readonly incarnation?: number }
  /** Everything may have been missed, but for what these hold. */
  | { readonly type: 'lost'; readonly except?: ReadonlySet<string> }
  | { readonly type: 'silent'; readonly nowMs: number; readonly silentMs: number }
  /** Whether changes of the index are to be told. */
  | { readonly type: 'watch'; readonly isWatched: boolean }
  /** What an engine holds, between the changes told before and after. */
  | {
      readonly type: 'contents';
      readonly request: number;
      readonly engineId: string;
      readonly withKeys: boolean;
    };

/** Orders that carry blocks: large, and to be dropped where there is no room, for a snapshot follows. */
export type UpdateOrder = Extract<
  ReplicaOrder,
  { type: 'kv.delta' | 'kv.snapshot' | 'own' | 'own-snapshot' }
>;

export function isUpdate(order: ReplicaOrder): order is UpdateOrder {
  return ['kv.delta', 'kv.snapshot', 'own', 'own-snapshot'].includes(order.type);
}

/** Bytes that an order takes while it waits, names and numbers counted roughly. */
export function orderBytes(order: UpdateOrder): number {
  switch (order.type) {
    case 'kv.delta':
      return order.data.deltas.reduce((sum, { changes }) => sum + bytesOfAll(changes), 0);
    case 'kv.snapshot':
      return bytesOfAll(order.data.tiers);
    case 'own':
      return order.deltas.reduce((sum, { changes }) => sum + bytesOfAll(changes), 0);
    case 'own-snapshot':
      return order.snapshots.reduce((sum, { tiers }) => sum + bytesOfAll(tiers), 0);
  }
}

const FIXED_BYTES = 256;

function bytesOfAll(lists: readonly object[]): number {
  let bytes = FIXED_BYTES;
  for (const fields of lists) {
    for (const value of Object.values(fields)) {
      if (typeof value === 'string') bytes += value.length;
      else if (ArrayBuffer.isView(value)) bytes += value.byteLength;
    }
  }
  return bytes;
}
