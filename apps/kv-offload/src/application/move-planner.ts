import type { Clock, EventBus } from '@penstock/core/ports';
import {
  type ChunkLedger,
  DemotionPlanner,
  type DemotionSettings,
  type PlaceCapacity,
  placeName,
  S3,
} from '@penstock/core/tiering';
import type { MoveRunner } from './move-runner.js';
import type { NodeFleet } from './node-fleet.js';
import type { ObjectTier } from './object-tier.js';
import { parseScope } from './scope.js';

export interface PlannerOptions {
  readonly ledger: ChunkLedger;
  readonly fleet: NodeFleet;
  readonly objects: ObjectTier | undefined;
  readonly runner: MoveRunner;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly settings: DemotionSettings;
  readonly s3CapacityBytes: number;
}

/** How often a tier that stays full is told of. */
const PRESSURE_MS = 30_000;

/** Makes room on the tiers that are full, a bounded number of moves at a time. */
export class MovePlanner {
  private readonly planner: DemotionPlanner;
  private readonly toldMs = new Map<string, number>();

  constructor(private readonly options: PlannerOptions) {
    this.planner = new DemotionPlanner(options.settings);
  }

  /** Places that moves may be planned for, with their capacities. */
  capacities(): PlaceCapacity[] {
    const { fleet, objects, s3CapacityBytes } = this.options;
    const s3 = objects?.isUsable ? [{ place: S3, capacityBytes: s3CapacityBytes }] : [];
    return [...fleet.capacities(), ...s3];
  }

  /** Plans and starts what can be started now; returns how many moves that is. */
  plan(): number {
    const { ledger, runner, settings } = this.options;
    const capacities = this.capacities();
    this.tellPressure(capacities);
    const room = settings.maxMoves - runner.inFlight;
    if (room <= 0) return 0;
    const isSpared = (path: string) => runner.spared.has(path);
    // However long S3 takes, as many moves again are left for the nodes themselves.
    const toS3 = Math.max(0, Math.ceil(settings.maxMoves / 2) - runner.copiesToS3);
    const moves = this.planner.plan(ledger, capacities, isSpared, toS3).slice(0, room);
    const started = moves.filter((move) => runner.start(move)).length;
    runner.pump();
    return started;
  }

  /**
   * Bytes that may be brought to the CPU tier of a node: half of what is above the high watermark stays free for engines.
   * What lifts the tier above that watermark makes room be made, as any other write does.
   */
  roomBytes(node: string): number {
    const { ledger, fleet, settings } = this.options;
    const link = fleet.get(node);
    const usable = link?.client ? link.usableCapacities() : [];
    const cpu = usable.find(({ place }) => place.tier === 'cpu');
    if (!cpu) return 0;
    if (cpu.capacityBytes === 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, ((settings.high + 1) / 2) * cpu.capacityBytes - ledger.use(cpu.place).usedBytes);
  }

  private tellPressure(capacities: readonly PlaceCapacity[]): void {
    const { ledger, bus, clock, settings } = this.options;
    const nowMs = clock.nowMs();
    for (const { place, capacityBytes } of capacities) {
      const name = placeName(place);
      const { usedBytes } = ledger.use(place);
      if (capacityBytes === 0 || usedBytes <= settings.high * capacityBytes) {
        this.toldMs.delete(name);
        continue;
      }
      if (nowMs - (this.toldMs.get(name) ?? Number.NEGATIVE_INFINITY) < PRESSURE_MS) continue;
      this.toldMs.set(name, nowMs);
      const { node, tier } = place;
      const data = { ...(node !== undefined && { node }), tier, usedBytes, capacityBytes };
      for (const scope of ledger.scopesAt(place)) {
        const ref = parseScope(scope);
        if (ref) bus.publish({ type: 'tier.pressure', ...ref, data });
      }
    }
  }
}
