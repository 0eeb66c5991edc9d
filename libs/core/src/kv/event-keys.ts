import { blockExtra, encodeExtraKeys } from './block-extras.js';
import { type ChainPoint, KeyChain, namespaceRoot } from './block-keys.js';
import type { ExtraKey, StoredEvent } from './engine-events.js';

const MAX_ROOTS = 1024;

/** Keys and check bits of an event's blocks; a check of 0 is not known. */
export interface EventBlocks {
  readonly keys: BigUint64Array;
  readonly checks: Uint32Array;
}

/** Computes our keys for the blocks of an engine's stored events. */
export class EventKeys {
  private readonly chain: KeyChain;
  private readonly roots = new Map<string, ChainPoint>();

  constructor(
    private readonly model: string,
    readonly blockSize: number,
  ) {
    this.chain = new KeyChain(blockSize);
  }

  /** Keys of the event's tokens in order, `blockSize` each; `parent` is the block before the first, absent for a prompt's start. */
  keysOf(event: StoredEvent, parent: ChainPoint | undefined): EventBlocks {
    const { blockSize } = this;
    const keys = new BigUint64Array(event.tokenIds.length / blockSize);
    const perEntry = event.blockSize / blockSize;
    const checks = new Uint32Array(keys.length);
    const extras = typedExtras(event, parent === undefined);
    let { key, check } = parent ?? this.rootOf(event, extras.cacheSalt);
    for (let block = 0; block < keys.length; block++) {
      const extra = extras.others?.[Math.floor(block / perEntry)];
      key = this.chain.next(key, event.tokenIds, block * blockSize, extra, check);
      check = this.chain.check;
      keys[block] = key;
      checks[block] = check;
    }
    return { keys, checks };
  }

  private rootOf({ loraName: lora, tenant }: StoredEvent, cacheSalt: string | undefined): ChainPoint {
    const namespace = { model: this.model, blockSize: this.blockSize, tenant, lora, cacheSalt };
    if (cacheSalt !== undefined) return namespaceRoot(namespace);
    const name = tenant === undefined ? (lora ?? '') : JSON.stringify([tenant, lora]);
    const known = this.roots.get(name);
    if (known !== undefined) return known;
    if (this.roots.size >= MAX_ROOTS) this.roots.clear();
    const root = namespaceRoot(namespace);
    this.roots.set(name, root);
    return root;
  }
}

/**
 * Tells apart what vLLM puts into a block's extra keys, in its order: the LoRA name on every block, multimodal items, the
 * cache salt as the last string of a prompt's first block, the digest of prompt embeddings. The LoRA name and the salt are
 * part of the namespace; the rest sets the block apart from one of plain tokens.
 */
function typedExtras(
  event: StoredEvent,
  startsPrompt: boolean,
): { cacheSalt?: string; others?: Array<Uint8Array | undefined> } {
  if (!event.extraKeys?.some((keys) => keys !== null && keys.length > 0)) return {};
  let cacheSalt: string | undefined;
  const others = event.extraKeys.map((keys, block) => {
    const rest: ExtraKey[] = [...(keys ?? [])];
    if (event.loraName !== undefined && rest[0] === event.loraName) rest.shift();
    const last = rest.findLastIndex((value) => !(value instanceof Uint8Array));
    if (startsPrompt && block === 0 && typeof rest[last] === 'string') {
      cacheSalt = rest[last];
      rest.splice(last, 1);
    }
    return encodeExtraKeys(rest.map(blockExtra));
  });
  return { cacheSalt, others };
}
