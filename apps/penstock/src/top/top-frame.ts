import type { TrafficSummary } from './traffic-window.js';

export interface TopEngine {
  /** `<namespace>/<pod>`. */
  readonly engine: string;
  readonly pool: string;
  readonly role: string | null;
  readonly ready: boolean | null;
  readonly running: number | null;
  readonly waiting: number | null;
  /** Share of the KV cache in use. */
  readonly kvUsage: number | null;
  /** Blocks that the index knows, and how it follows them: connecting, replaying, live, stale or gone. */
  readonly blocks: number | null;
  readonly index: string | null;
  readonly traffic: TrafficSummary | null;
}

export interface TopGang {
  readonly gang: string;
  readonly state: string;
  readonly pods: number;
  readonly boundPods: number;
  readonly waitingMs: number;
  readonly reason: string;
}

export interface TopTier {
  readonly tier: string;
  /** Null: not of a node. */
  readonly node: string | null;
  readonly usedBytes: number;
  /** Null: without a limit. */
  readonly capacityBytes: number | null;
  readonly chunks: number;
}

/** What `penstock top` shows at one moment. The shape of `-o json`: fields are added, never changed. */
export interface TopFrame {
  /** RFC 3339. */
  readonly time: string;
  readonly windowMs: number;
  /** Null: not known, because NATS is not reachable. */
  readonly traffic: (TrafficSummary & { readonly hitRatioByTier: Readonly<Record<string, number>> }) | null;
  readonly pools: ReadonlyArray<{ readonly pool: string; readonly inFlight: number; readonly held: number }>;
  readonly engines: readonly TopEngine[];
  readonly gangs: readonly TopGang[];
  readonly tiers: readonly TopTier[];
  /** What could not be asked, one sentence each. */
  readonly problems: readonly string[];
}
