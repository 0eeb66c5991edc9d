import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { blockKeys, namespaceSeed } from '@penstock/core/kv';
import { KvEventListener } from '../src/kv-stream/index.js';
import { closeAll, closeLater, until } from './kv-stream-fixture.js';
import { EngineScript } from './vllm-publisher/engine-script.js';
import { FollowedEngine, MODEL } from './vllm-publisher/followed-engine.js';
import { VLLM_RELEASES } from './vllm-publisher/releases.js';
import { publisherSource, pythonFor, VllmPublisher } from './vllm-publisher/vllm-publisher.js';

const BLOCK_SIZE = 16;
const SEED = namespaceSeed({ model: MODEL, blockSize: BLOCK_SIZE });
const folder = mkdtempSync(join(tmpdir(), 'penstock-vllm-'));
let python: string;
const tokensOf = (seed: number, blocks: number) =>
  Array.from({ length: blocks * BLOCK_SIZE }, (_, i) => (seed * 7919 + i * 104_729) % 151_936);

beforeAll(async () => {
  python = await pythonFor(folder);
}, 180_000);
afterEach(closeAll);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Both know the same blocks, by the engine's hash and by our key of the same tokens. */
function agree(engine: EngineScript, followed: FollowedEngine): boolean {
  const held = followed.held();
  return (
    held.size === engine.held.size &&
    [...engine.held].every(([prompt, hash]) => {
      const tokens = prompt.split(' ').map(Number);
      return held.get(hash) === blockKeys(SEED, tokens, BLOCK_SIZE).at(-1);
    })
  );
}

describe.each(VLLM_RELEASES)('vLLM $version’s own publisher ($layout)', (release) => {
  let source: string;
  const start = async (options = {}) => {
    const publisher = await VllmPublisher.start(python, source, options);
    closeLater({ close: () => publisher.kill() });
    return publisher;
  };
  const follow = (options: ConstructorParameters<typeof FollowedEngine>[0]) => {
    const followed = new FollowedEngine(options);
    closeLater(followed.subscriber);
    return followed;
  };

  beforeAll(async () => {
    source = await publisherSource(python, release);
  }, 120_000);

  it.each([
    ['digests', false],
    ['integers', true],
  ])('is followed exactly, from before we came, through a gap and a clear (%s)', async (_, asIntegers) => {
    const engine = new EngineScript(BLOCK_SIZE, asIntegers);
    const publisher = await start({ topic: 'kv@127.0.0.1:8000@m' });
    const [long, branch, other] = [tokensOf(1, 40), [...tokensOf(1, 20), ...tokensOf(2, 10)], tokensOf(3, 5)];
    publisher.publish(engine.store(long));
    publisher.publish([...engine.store(branch), ...engine.store(other)]);

    const followed = follow(publisher);
    await until(() => agree(engine, followed), 'the blocks from before');
    expect(followed.held().size).toBe(55);

    // Batches of which we hear only by the next one.
    followed.deaf = true;
    publisher.publish(engine.evict(long, 7));
    publisher.publish(engine.store(tokensOf(4, 3)));
    await until(() => followed.lastLive === 3, 'what is lost');
    expect(agree(engine, followed)).toBe(false);
    followed.deaf = false;
    publisher.publish([...engine.evict(other, 5), ...engine.store(tokensOf(5, 64))]);
    await until(() => agree(engine, followed), 'the blocks after a gap');
    expect(followed.cache.counters).toMatchObject({ gaps: 1, restarts: 0 });
    expect(followed.held().size).toBe(55 - 7 + 3 - 5 + 64);

    publisher.publish([...engine.clear(), ...engine.store(long)]);
    await until(() => agree(engine, followed), 'the blocks after a clear');
    expect(followed.held().size).toBe(40);
    expect(followed.problems).toEqual([]);
  });

  it('is followed when it dials us, and through its restart', async () => {
    const listener = await KvEventListener.bind({ host: '127.0.0.1', port: 0 });
    closeLater(listener);
    const endpoint = `tcp://127.0.0.1:${listener.ports[0]}`;
    const life = async () => ({
      engine: new EngineScript(BLOCK_SIZE),
      publisher: await start({ endpoint, topic: 'kv@127.0.0.1:8000@m' }),
    });
    const first = await life();
    const followed = follow({
      endpoint: 'tcp://127.0.0.1:1',
      replayEndpoint: first.publisher.replayEndpoint,
      dialIn: { listener, address: '127.0.0.1', port: 8000, rank: 0 },
    });
    first.publisher.publish(first.engine.store(tokensOf(1, 8)));
    await until(() => agree(first.engine, followed), 'the first life');

    await first.publisher.kill();
    const second = await life();
    // Its replay endpoint is another one, which we do not know: what it sent before it was connected would be lost.
    await until(() => followed.subscriber.connected, 'the second life');
    second.publisher.publish(second.engine.store(tokensOf(2, 6)));
    await until(() => agree(second.engine, followed), 'the second life’s blocks');
    expect(followed.problems).toEqual([]);
    expect(listener.stats).toMatchObject({ accepted: 2, conflicts: 0, refusals: {} });
  });
});
