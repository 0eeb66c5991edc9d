import { describe, expect, it } from '@jest/globals';
import { encodeExtraKeys, promptExtras } from './block-extras.js';
import { blockKeys, namespaceRoot, namespaceSeed, promptBlocks } from './block-keys.js';
import { BlockLedger } from './block-ledger.js';
import { emptyCounters } from './engine-cache-counters.js';
import type { EngineEvent, StoredEvent } from './engine-events.js';
import { EventApplier } from './event-applier.js';
import { StoredFiles } from './stored-files.js';
import type { Tier } from './types.js';

const MODEL = 'm';
const BLOCK = 2;

/** A prompt is a path of digits; a block's hash is made of the path to it. */
const hashOf = (path: readonly number[]) => BigInt(`0x1${path.join('')}`);
const tokensOf = (path: readonly number[]) => path.flatMap((digit) => [digit, digit + 100]);
const keyOf = (path: readonly number[], namespace = {}) =>
  blockKeys(namespaceSeed({ model: MODEL, blockSize: BLOCK, ...namespace }), tokensOf(path), BLOCK).at(
    -1,
  ) as bigint;

function stored(path: readonly number[], from: number, tier: Tier = 'gpu'): StoredEvent {
  return {
    type: 'stored',
    hashes: path.slice(from).map((_, i) => hashOf(path.slice(0, from + i + 1))),
    parent: from === 0 ? null : hashOf(path.slice(0, from)),
    tokenIds: tokensOf(path.slice(from)),
    blockSize: BLOCK,
    tier,
  };
}

function setUp(maxOrphanBlocks = 100, files?: StoredFiles) {
  const ledger = new BlockLedger(2);
  const counters = emptyCounters();
  const applier = new EventApplier(MODEL, ledger, counters, { maxOrphanBlocks, files });
  const send = (...events: EngineEvent[]) => {
    for (const event of events) applier.apply([event]);
  };
  const held = (tier: Tier = 'gpu') => {
    ledger.take();
    return [...(ledger.publishedKeys().find((t) => t.tier === tier)?.keys ?? [])].sort();
  };
  return { applier, counters, send, held };
}

describe('EventApplier', () => {
  it('parks orphans until the parent comes, and forgets those that were removed meanwhile', () => {
    const { applier, send, held } = setUp();
    send(stored([1, 1, 1], 2));
    send(stored([1, 1, 2, 1], 2));
    send({ type: 'removed', hashes: [hashOf([1, 1, 2, 1])], tier: 'gpu' });
    expect(held()).toEqual([]);
    expect(applier.orphanBlocks).toBe(2);
    send(stored([1, 1], 0));
    expect(held()).toEqual([[1], [1, 1], [1, 1, 1], [1, 1, 2]].map((path) => keyOf(path)).sort());
    expect(applier.orphanBlocks).toBe(0);
  });

  it('bounds orphans', () => {
    const { applier, counters, send, held } = setUp(2);
    send(stored([1, 1], 1), stored([2, 1], 1), stored([3, 1], 1), stored([4, 1, 1, 1], 1));
    expect(applier.orphanBlocks).toBe(2);
    expect(counters.orphansDropped).toBe(4);
    send(stored([1], 0), stored([3], 0));
    expect(held()).toEqual([[1], [3], [3, 1]].map((path) => keyOf(path)).sort());
  });

  it('follows tiers: a store without tokens places a known block, each tier counts for itself', () => {
    const { counters, send, held } = setUp();
    const placed = (p: number[], tier: Tier): EngineEvent => ({
      ...stored(p, 0, tier),
      tokenIds: [],
      blockSize: 0,
    });
    send(stored([1, 2], 0), placed([1], 'cpu'), placed([3], 'cpu'));
    send({ type: 'removed', hashes: [hashOf([1])], tier: 'gpu' });
    expect(held('cpu')).toEqual([keyOf([1])]);
    expect(held()).toEqual([keyOf([1, 2])]);
    expect(counters.unknownPlacements).toBe(1);
  });

  it('separates LoRA adapters, salts and multimodal content, and leaves plain prompts as they are', () => {
    const { send, held } = setUp();
    const one = (extra: Partial<StoredEvent>, hash: bigint): StoredEvent => ({
      ...stored([1], 0),
      hashes: [hash],
      ...extra,
    });
    send(one({}, 1n), one({ loraName: 'l', extraKeys: [['l']] }, 2n), one({ extraKeys: [['salt']] }, 3n));
    send(one({ extraKeys: [[['image', 0]]] }, 4n));
    const of = (namespace: object) => keyOf([1], namespace);
    const keys = held();
    expect(keys).toEqual(expect.arrayContaining([of({}), of({ lora: 'l' }), of({ cacheSalt: 'salt' })]));
    expect(new Set(keys).size).toBe(4);
  });

  it('skips what it cannot use, and says why', () => {
    const { counters, send, held } = setUp();
    send(
      { ...stored([1], 0), groupIdx: 0, specKind: 'full_attention' },
      { ...stored([2], 0), groupIdx: 1, specKind: 'mamba' },
      { ...stored([2], 0), tier: 'unknown' },
      { ...stored([2], 0), tokenIds: [1] },
      { ...stored([2], 0), blockSize: 1, tokenIds: [2] },
      { type: 'removed', hashes: [hashOf([1])], tier: 'gpu', groupIdx: 1 },
      { type: 'removed', hashes: [hashOf([2])], tier: 'gpu' },
    );
    expect(held()).toEqual([keyOf([1])]);
    const { skipped, unknownRemovals } = counters;
    expect(skipped).toEqual({
      'file-unknown-block': 0,
      'file-unnamed': 0,
      'unknown-tier': 1,
      'attention-kind': 2,
      group: 0,
      'block-size': 1,
      'not-dense': 1,
      'key-taken': 0,
    });
    expect(unknownRemovals).toBe(1);
  });

  it('keeps the blocks of tenants apart', () => {
    const { send, held } = setUp();
    send({ ...stored([1], 0), tenant: 't' }, { ...stored([1], 0), hashes: [7n] });
    expect(held()).toEqual([keyOf([1], { tenant: 't' }), keyOf([1])].sort());
  });

  it('keys multimodal content as a lookup does', () => {
    const { send, held } = setUp();
    const extraKeys = [
      [['img', 1n], 'salt'],
      [['img', -1], 'not-a-salt'],
    ];
    send({ ...stored([1, 2], 0), extraKeys });
    const root = namespaceRoot({ model: MODEL, blockSize: BLOCK, cacheSalt: 'salt' });
    const items = [{ identifier: 'img', offset: 1, length: 3 }];
    const extras = promptExtras(items, 4, BLOCK);
    extras[1] = encodeExtraKeys([
      { type: 'multimodal', identifier: 'img', offset: -1 },
      { type: 'identifier', identifier: 'not-a-salt' },
    ]);
    expect(held()).toEqual([...promptBlocks(root, tokensOf([1, 2]), BLOCK, root, extras).keys].sort());
  });

  it('refuses a block whose key belongs to another one', () => {
    const ledger = new BlockLedger();
    const slot = ledger.groups.learn(stored([1], 0));
    expect(ledger.store(1n, 5n, 7, 0, slot)).toBe('first');
    expect(ledger.store(2n, 5n, 8, 0, slot)).toBe('refused');
    expect(ledger.store(3n, 5n, 0, 0, slot)).toBe('first');
    expect(ledger.store(4n, 5n, 7, 0, slot)).toBe('first');
    expect(ledger.take()?.keys).toEqual([
      {
        tier: 'gpu',
        stored: BigUint64Array.of(5n),
        storedChecks: Uint32Array.of(7),
        removed: new BigUint64Array(0),
      },
    ]);
    for (const hash of [1n, 3n]) ledger.remove(hash, 0, undefined);
    expect(ledger.take()?.keys).toEqual([]);
    ledger.remove(4n, 0, undefined);
    expect(ledger.take()?.keys[0]?.removed).toEqual(BigUint64Array.of(5n));
    expect(ledger.blocks).toBe(0);
  });

  describe('a file on storage', () => {
    const paths = [[1], [1, 1]];
    const file = (fileDigest: Uint8Array | null, ...blocks: number[][]): StoredEvent => ({
      type: 'stored',
      hashes: blocks.map(hashOf),
      parent: null,
      tokenIds: [],
      blockSize: 0,
      tier: 's3',
      fileDigest,
    });
    const digest = Uint8Array.of(0, 0xab, 0x0f);

    it('makes the engine a holder where files are not collected', () => {
      const { send, held } = setUp();
      send(stored([1, 1], 0), file(digest, ...paths));
      expect(held('s3')).toEqual(paths.map((path) => keyOf(path)).sort());
    });

    it('is collected with its name and all its keys, and the engine does not hold it', () => {
      const files = new StoredFiles();
      const { send, held, counters } = setUp(100, files);
      send(stored([1, 1], 0), file(digest, ...paths), file(digest, ...paths));
      expect(held('s3')).toEqual([]);
      expect(files.length).toBe(2);
      const keys = BigUint64Array.from(paths.map((path) => keyOf(path)));
      expect(files.take()[0]).toEqual({ hash: '00ab0f', keys });
      expect(files.take()).toEqual([]);
      expect(counters.unknownPlacements).toBe(0);
      // Other storage without tokens still makes the engine its holder.
      const { fileDigest: _, ...elsewhere } = file(null, ...paths);
      send(elsewhere);
      expect(held('s3')).toHaveLength(2);
    });

    it('is known by blocks that have left the GPU meanwhile, unless that is long ago', () => {
      const files = new StoredFiles();
      const { send, held, counters } = setUp(100, files);
      const drop = (path: number[]) => send({ type: 'removed', hashes: [hashOf(path)], tier: 'gpu' });
      send(stored([1, 1], 0));
      held();
      for (const path of paths) drop(path);
      expect(held()).toEqual([]);
      // Stored and dropped between two deltas: never published, known all the same.
      send(stored([2], 0));
      drop([2]);
      held();
      send(file(digest, [1, 1], [2]));
      expect(files.take()[0]?.keys).toEqual(BigUint64Array.of(keyOf([1, 1]), keyOf([2])));
      send(file(digest, [1]));
      expect(files.length).toBe(0);
      expect(counters.skipped['file-unknown-block']).toBe(1);
    });

    it('is skipped and counted with a block that is not known, or without a name', () => {
      const files = new StoredFiles();
      const { send, counters } = setUp(100, files);
      send(stored([1], 0), file(digest, ...paths), file(null, [1]), file(digest));
      expect(files.length).toBe(0);
      expect(counters.skipped).toMatchObject({ 'file-unknown-block': 1, 'file-unnamed': 2 });
    });
  });
});
