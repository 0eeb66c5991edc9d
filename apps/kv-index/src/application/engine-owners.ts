import { rendezvousOwner } from '@penstock/core/kv';

/** Which replica is to follow an engine. Asked for every engine at every change and lookup, so answers are kept. */
export class EngineOwners {
  private members: readonly string[] = [];
  private owners = new Map<string, string>();

  constructor(
    /** Live replicas; the same array until it changes. */
    private readonly live: () => readonly string[],
    /** This replica, which does what nobody else is there for. */
    private readonly self: string,
  ) {}

  ownerOf(engineId: string): string {
    const members = this.live();
    if (members !== this.members || this.owners.size >= MAX_KEPT) {
      this.members = members;
      this.owners = new Map();
    }
    const known = this.owners.get(engineId);
    if (known !== undefined) return known;
    const owner = rendezvousOwner(engineId, members) ?? this.self;
    this.owners.set(engineId, owner);
    return owner;
  }

  owns(engineId: string): boolean {
    return this.ownerOf(engineId) === this.self;
  }
}

/** Engines come and go under new names. */
const MAX_KEPT = 100_000;
