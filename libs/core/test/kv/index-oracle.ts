import { TIERS, type Tier } from '../../src/kv/types.js';

/** Facts of one block of one engine: bit i = `TIERS[i]`, bit 4 + i the same of sliding windows. */
type Facts = Map<number, number>;

interface EngineFacts {
  readonly blocks: Facts;
  windowBlocks: number;
}

const DENSE = 0x0f;

export function factBit(tier: Tier, window: boolean): number {
  return 1 << (TIERS.indexOf(tier) + (window ? 4 : 0));
}

/** The obvious index: a map of maps. Blocks are small numbers; a key's check is that of the first store that told one. */
export class IndexOracle {
  readonly engines = new Map<string, EngineFacts>();
  readonly checks = new Map<number, number>();
  collisions = 0;

  store(engine: string, bit: number, block: number, check = 0): void {
    const known = this.checks.get(block) ?? 0;
    if (known !== 0 && check !== 0 && known !== check) {
      this.collisions++;
      return;
    }
    if (known === 0) this.checks.set(block, check);
    const { blocks } = this.open(engine);
    blocks.set(block, (blocks.get(block) ?? 0) | bit);
  }

  remove(engine: string, bit: number, block: number): void {
    const blocks = this.engines.get(engine)?.blocks;
    const left = (blocks?.get(block) ?? 0) & ~bit;
    if (left !== 0) blocks?.set(block, left);
    else blocks?.delete(block);
    this.forgetCheck(block);
  }

  clear(engine: string): void {
    const blocks = [...(this.engines.get(engine)?.blocks.keys() ?? [])];
    this.engines.delete(engine);
    for (const block of blocks) this.forgetCheck(block);
  }

  setWindow(engine: string, windowBlocks: number): void {
    if (windowBlocks > 0) this.open(engine).windowBlocks = windowBlocks;
    else if (this.engines.has(engine)) this.open(engine).windowBlocks = 0;
  }

  bits(engine: string, block: number): number {
    return this.engines.get(engine)?.blocks.get(block) ?? 0;
  }

  /** Blocks of a prompt that the engine can use, by best tier; `checks` as they are asked for. */
  match(engine: string, prompt: readonly number[], checks?: readonly number[]) {
    const has = (i: number) => {
      const block = prompt[i] as number;
      const known = this.checks.get(block) ?? 0;
      const asked = checks?.[i] ?? 0;
      return known !== 0 && asked !== 0 && known !== asked ? 0 : this.bits(engine, block);
    };
    let end = 0;
    while (end < prompt.length && (has(end) & DENSE) !== 0) end++;
    const window = this.engines.get(engine)?.windowBlocks ?? 0;
    const usable = (n: number) => {
      for (let i = Math.max(0, n - window); i < n; i++) if (has(i) >> 4 === 0) return false;
      return true;
    };
    while (!usable(end)) end--;
    const byTier = TIERS.map(() => 0);
    for (let i = 0; i < end; i++) {
      const tier = TIERS.findIndex((_, t) => (has(i) & (1 << t)) !== 0);
      byTier[tier] = (byTier[tier] as number) + 1;
    }
    return { engineId: engine, blocks: end, byTier };
  }

  get pairs(): number {
    return [...this.engines.values()].reduce((sum, { blocks }) => sum + blocks.size, 0);
  }

  get blocks(): number {
    return new Set([...this.engines.values()].flatMap(({ blocks }) => [...blocks.keys()])).size;
  }

  private open(engine: string): EngineFacts {
    const facts = this.engines.get(engine) ?? { blocks: new Map(), windowBlocks: 0 };
    this.engines.set(engine, facts);
    return facts;
  }

  private forgetCheck(block: number): void {
    if (![...this.engines.values()].some(({ blocks }) => blocks.has(block))) this.checks.delete(block);
  }
}
