import { expect, it } from '@jest/globals';
import type { StoredEngine } from '@penstock/core/ports';
import { createLogger } from '@penstock/platform';
import { knownEngine } from '../../test/known-engine.js';
import { encodeFacts } from './engine-facts.js';
import type { EngineAddress } from './engine-stream.js';
import { EngineFollower, type FollowerBeginning, type FollowerContext } from './follow-engine.js';

const { pool, endpoint } = knownEngine('a');

/** Begins to follow an engine that is not reached; returns where it was looked for, too. */
async function begun(
  place: Partial<typeof endpoint & { kvEventsPort: number; kvReplayPort: number }>,
  beginning: FollowerBeginning,
  stored?: StoredEngine,
) {
  const opened: EngineAddress[] = [];
  const context = {
    streams: {
      open: (address: EngineAddress) => {
        opened.push(address);
        return { replay: () => Promise.reject(new Error('not reached')), close: async () => undefined };
      },
    },
    store: { load: async () => stored },
    clock: { nowMs: () => 1_000 },
    publishedIncarnation: async () => 7,
    heardIncarnation: () => 7,
    hasOthers: () => true,
    isStarting: () => false,
    logger: createLogger({ service: 'kv-index', instance: 'test', level: 'silent' }),
    settings: { kvEventsPort: 5557, kvReplayPort: 5558, storageEvents: 'index', silenceCheckMs: 1_000 },
    onProgress: () => undefined,
  } as unknown as FollowerContext;
  const target = { pool, endpoint: { ...endpoint, ...place }, identity: { model: 'm', blockSize: 2 } };
  const follower = new EngineFollower(context, target, beginning);
  await follower.start();
  const delta = follower.cache?.takeDelta()?.delta;
  await follower.stop();
  return { opened, delta };
}

const storedOf = (podUid: string, model = 'm'): StoredEngine => ({
  ...{ engineId: 'ns/a', incarnation: 7, sequence: 3, engineSequence: 5, blocks: [] },
  facts: encodeFacts({
    ...{ model, podUid, blockSize: 2, restartCount: 0 },
    landmark: { sequence: 5, mark: 'x' },
  }),
});
const withdrawn = { sequence: 1, cleared: true, changes: [] };

it('leaves what another replica published in force until the engine proves what it holds', async () => {
  expect((await begun({}, { takenOverMs: 0 })).delta).toBeUndefined();
  expect((await begun({}, {}, storedOf('uid'))).delta).toBeUndefined();
  expect((await begun({}, { takenOverMs: 0, isRestarted: false }, storedOf('uid'))).delta).toBeUndefined();
});

it('withdraws what was published of a process that is gone before the new one is reached', async () => {
  expect((await begun({}, { takenOverMs: 0 }, storedOf('before'))).delta).toMatchObject(withdrawn);
  expect((await begun({}, {}, storedOf('uid', 'another'))).delta).toMatchObject(withdrawn);
  expect((await begun({}, { takenOverMs: 0, isRestarted: true })).delta).toMatchObject(withdrawn);
});

it('asks for replays where they are named, and at the usual port only of events at theirs', async () => {
  const portsOf = async (place: object) => {
    const [address] = (await begun(place, {})).opened;
    return [address?.eventsPort, address?.replayPort];
  };
  expect(await portsOf({})).toEqual([5557, 5558]);
  expect(await portsOf({ rank: 2, firstRank: 4 })).toEqual([5563, 5564]);
  expect(await portsOf({ kvEventsPort: 5557 })).toEqual([5557, 5558]);
  expect(await portsOf({ kvEventsPort: 6000, kvReplayPort: 6001 })).toEqual([6000, 6001]);
  // Port 5558 of that host may be where another engine replays: its blocks would be taken for this one's.
  expect(await portsOf({ kvEventsPort: 6000 })).toEqual([6000, undefined]);
});
