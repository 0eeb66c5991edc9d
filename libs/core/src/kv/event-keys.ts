import { KeyChain, namespaceSeed } from './block-keys.js';
import type { ExtraKey, StoredEvent } from './engine-events.js';

const MAX_SEEDS = 1024;
const utf8 = new TextEncoder();

/** Computes our keys for the blocks of an engine's stored events. */
export class EventKeys {
  private readonly chain: KeyChain;
  private readonly seeds = new Map<string, bigint>();

  constructor(
    private readonly model: string,
    readonly blockSize: number,
  ) {
    this.chain = new KeyChain(blockSize);
  }

  /** Keys of the event's blocks in order; `parent` is the key of the block before the first, absent for a prompt's start. */
  keysOf(event: StoredEvent, parent: bigint | undefined): BigUint64Array {
    const keys = new BigUint64Array(event.hashes.length);
    const startsPrompt = parent === undefined;
    const extras = typedExtras(event, startsPrompt);
    let previous = parent ?? this.seedOf(event.loraName, extras.cacheSalt);
    for (let block = 0; block < keys.length; block++) {
      previous = this.chain.next(previous, event.tokenIds, block * this.blockSize, extras.others?.[block]);
      keys[block] = previous;
    }
    return keys;
  }

  private seedOf(lora: string | undefined, cacheSalt: string | undefined): bigint {
    const namespace = { model: this.model, blockSize: this.blockSize, lora, cacheSalt };
    if (cacheSalt !== undefined) return namespaceSeed(namespace);
    const known = this.seeds.get(lora ?? '');
    if (known !== undefined) return known;
    if (this.seeds.size >= MAX_SEEDS) this.seeds.clear();
    const seed = namespaceSeed(namespace);
    this.seeds.set(lora ?? '', seed);
    return seed;
  }
}

/**
 * Tells apart what vLLM puts into a block's extra keys, in its order: the LoRA name on every block, multimodal items and
 * the like, the cache salt as the last string of a prompt's first block. The LoRA name and the salt are part of the
 * namespace; the rest sets the block apart from one of plain tokens.
 */
function typedExtras(
  event: StoredEvent,
  startsPrompt: boolean,
): { cacheSalt?: string; others?: Array<Uint8Array | undefined> } {
  if (!event.extraKeys?.some((keys) => keys !== null && keys.length > 0)) return {};
  let cacheSalt: string | undefined;
  const others = event.extraKeys.map((keys, block) => {
    const rest = [...(keys ?? [])];
    if (event.loraName !== undefined && rest[0] === event.loraName) rest.shift();
    const last = rest.at(-1);
    if (startsPrompt && block === 0 && typeof last === 'string') {
      cacheSalt = last;
      rest.pop();
    }
    return rest.length === 0 ? undefined : utf8.encode(JSON.stringify(rest, plain));
  });
  return { cacheSalt, others };
}

function plain(_name: string, value: ExtraKey): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  return value instanceof Uint8Array ? Array.from(value) : value;
}
