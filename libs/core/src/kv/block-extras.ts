import type { ExtraKey } from './engine-events.js';

/** What a block contains besides its tokens, by type. */
export type BlockExtra =
  /** A multimodal item; `offset` = position of its first token minus that of the block's, negative when it began before. */
  | { readonly type: 'multimodal'; readonly identifier: string; readonly offset: number }
  /** A name without a position: multimodal items of older engines, or anything else that is a bare string. */
  | { readonly type: 'identifier'; readonly identifier: string }
  /** Digest of prompt embeddings that stand in for tokens. */
  | { readonly type: 'embedding'; readonly digest: Uint8Array }
  /** Anything else that an engine sends. */
  | { readonly type: 'other'; readonly value: ExtraKey };

/** A multimodal item in a prompt. */
export interface PromptItem {
  readonly identifier: string;
  /** Position of its first token in the prompt. */
  readonly offset: number;
  /** Tokens it takes up. */
  readonly length: number;
}

/** First byte of each element on the hashed bytes; the format is in this folder's README. */
const KIND = { multimodal: 1, string: 2, bytes: 3, integer: 4, float: 5, boolean: 6, null: 7, list: 8 };
const HEAD_BYTES = 5;
const utf8 = new TextEncoder();

/**
 * Bytes appended to a block's tokens before they are hashed; undefined when there is nothing. Every element has its type
 * and its length before it, so no two lists share bytes. Takes them in the engine's order.
 */
export function encodeExtraKeys(extras: readonly BlockExtra[]): Uint8Array | undefined {
  return extras.length === 0 ? undefined : concat(extras.map(encodeExtra));
}

/**
 * `encodeExtraKeys` for each full block of a prompt with multimodal items, as vLLM places them: an item is in every block
 * that has one of its tokens.
 *
 * @param items by position
 */
export function promptExtras(
  items: readonly PromptItem[],
  tokens: number,
  blockSize: number,
): Array<Uint8Array | undefined> {
  return Array.from({ length: Math.floor(tokens / blockSize) }, (_, block) => {
    const start = block * blockSize;
    const here = items.filter((i) => i.offset < start + blockSize && i.offset + i.length > start);
    return encodeExtraKeys(
      here.map(({ identifier, offset }) => ({ type: 'multimodal', identifier, offset: offset - start })),
    );
  });
}

/** Types one element of a block's extra keys as vLLM publishes them: `(identifier, offset)`, bare name, or digest. */
export function blockExtra(value: ExtraKey): BlockExtra {
  if (typeof value === 'string') return { type: 'identifier', identifier: value };
  if (value instanceof Uint8Array) return { type: 'embedding', digest: value };
  if (!Array.isArray(value) || value.length !== 2) return { type: 'other', value };
  const [identifier, position] = value as readonly ExtraKey[];
  const offset = typeof position === 'bigint' ? Number(position) : position;
  if (typeof identifier !== 'string' || !Number.isSafeInteger(offset)) return { type: 'other', value };
  return { type: 'multimodal', identifier, offset: offset as number };
}

function encodeExtra(extra: BlockExtra): Uint8Array {
  switch (extra.type) {
    case 'multimodal': {
      const payload = new Uint8Array(8 + utf8.encode(extra.identifier).length);
      new DataView(payload.buffer).setBigInt64(0, BigInt(extra.offset), true);
      payload.set(utf8.encode(extra.identifier), 8);
      return element(KIND.multimodal, payload);
    }
    case 'identifier':
      return element(KIND.string, utf8.encode(extra.identifier));
    case 'embedding':
      return element(KIND.bytes, extra.digest);
    case 'other':
      return encodeValue(extra.value);
  }
}

function encodeValue(value: ExtraKey): Uint8Array {
  if (value === null) return element(KIND.null, new Uint8Array(0));
  if (typeof value === 'string') return element(KIND.string, utf8.encode(value));
  if (typeof value === 'boolean') return element(KIND.boolean, Uint8Array.of(Number(value)));
  if (typeof value === 'bigint' || Number.isSafeInteger(value))
    return element(KIND.integer, utf8.encode(String(BigInt(value as bigint | number))));
  if (typeof value === 'number') {
    const payload = new Uint8Array(8);
    new DataView(payload.buffer).setFloat64(0, value, true);
    return element(KIND.float, payload);
  }
  if (value instanceof Uint8Array) return element(KIND.bytes, value);
  return element(KIND.list, concat((value as readonly ExtraKey[]).map(encodeValue)));
}

function element(kind: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + payload.length);
  bytes[0] = kind;
  new DataView(bytes.buffer).setUint32(1, payload.length, true);
  bytes.set(payload, HEAD_BYTES);
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
