import type { StorageTier } from '@penstock/core/tiering';
import { Counter, Gauge, type Registry } from 'prom-client';

const PREFIX = 'penstock_kv_offload';

/** One tier of one node, or S3, as the gauges show it. */
export interface TierSample {
  readonly tier: StorageTier;
  /** Empty for S3. */
  readonly node: string;
  readonly usedBytes: number;
  /** 0 = no limit, or not known. */
  readonly capacityBytes: number;
  readonly chunks: number;
}

/** Every metric of kv-offload. */
export class KvOffloadMetrics {
  /** 1 while this replica decides. */
  readonly leading: Gauge;
  readonly uses: Counter;
  readonly promotions: Counter;
  readonly adopted: Counter<'outcome'>;
  readonly lost: Counter<'reason'>;
  readonly refused: Counter;
  private readonly used: Gauge<'tier' | 'node'>;
  private readonly capacity: Gauge<'tier' | 'node'>;
  private readonly chunks: Gauge<'tier' | 'node'>;
  private readonly nodes: Gauge<'state'>;
  private readonly inFlight: Gauge;
  private readonly moved: Counter<'from' | 'to' | 'reason'>;
  private readonly movedBytes: Counter<'from' | 'to'>;
  private readonly failures: Counter<'from' | 'to' | 'problem'>;
  private readonly published: Gauge<'what'>;

  constructor(registry: Registry) {
    const registers = [registry];
    const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
      new Gauge<L>({ name: `${PREFIX}_${name}`, help, labelNames, registers });
    const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
      new Counter<L>({ name: `${PREFIX}_${name}`, help, labelNames, registers });
    const place = ['tier', 'node'] as const;
    const way = ['from', 'to'] as const;
    this.leading = gauge('leading', '1 while this replica decides where blocks live');
    this.used = gauge('used_bytes', 'Bytes on a tier, those being written and removed included', place);
    this.capacity = gauge('capacity_bytes', 'Size of a tier; 0 = no limit', place);
    this.chunks = gauge('chunks', 'Copies of chunks on a tier', place);
    this.nodes = gauge('nodes', 'kv-nodes by the state of their connection', ['state']);
    this.inFlight = gauge('moves_in_flight', 'Copies being made or removed');
    this.published = gauge(
      'published_events',
      'kv.delta and kv.snapshot published since this replica leads',
      ['what'],
    );
    this.uses = counter(
      'uses_total',
      'Uses of chunks: requests routed to them, and engines storing them again',
    );
    this.promotions = counter(
      'promotions_total',
      'Chunks brought from S3 for a request that was just routed',
    );
    this.adopted = counter('adopted_files_total', 'Files written by engines, by what their kv-node said', [
      'outcome',
    ]);
    this.lost = counter('lost_copies_total', 'Copies that went without being asked to, by reason', [
      'reason',
    ]);
    this.refused = counter('refused_entries_total', 'Entries of kv-nodes’ inventories that are no chunks');
    this.moved = counter('moves_total', 'Copies made (to a tier) and removed (to none), by reason', [
      ...way,
      'reason',
    ]);
    this.movedBytes = counter('moved_bytes_total', 'Bytes of copies made and removed', way);
    this.failures = counter('move_failures_total', 'Moves that failed, by what went wrong', [
      ...way,
      'problem',
    ]);
  }

  countMove(from: StorageTier | undefined, to: StorageTier | undefined, reason: string, bytes: number): void {
    const way = { from: from ?? 'engine', to: to ?? 'none' };
    this.moved.inc({ ...way, reason });
    this.movedBytes.inc(way, bytes);
  }

  countFailure(from: StorageTier | undefined, to: StorageTier | undefined, problem: string): void {
    this.failures.inc({ from: from ?? 'engine', to: to ?? 'none', problem });
  }

  /** Shows all tiers and nodes as they are now; those that are gone disappear. */
  show(
    tiers: readonly TierSample[],
    nodeStates: readonly string[],
    inFlight: number,
    published: { readonly deltas: number; readonly snapshots: number },
  ): void {
    for (const gauge of [this.used, this.capacity, this.chunks, this.nodes]) gauge.reset();
    for (const { tier, node, usedBytes, capacityBytes, chunks } of tiers) {
      this.used.set({ tier, node }, usedBytes);
      this.capacity.set({ tier, node }, capacityBytes);
      this.chunks.set({ tier, node }, chunks);
    }
    for (const state of nodeStates) this.nodes.inc({ state });
    this.inFlight.set(inFlight);
    this.published.set({ what: 'delta' }, published.deltas);
    this.published.set({ what: 'snapshot' }, published.snapshots);
  }
}
