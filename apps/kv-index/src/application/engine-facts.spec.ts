import { describe, expect, it } from '@jest/globals';
import { decodeFacts, type EngineFacts, encodeFacts } from './engine-facts.js';

const facts: EngineFacts = {
  model: 'm',
  blockSize: 16,
  podUid: 'uid',
  restartCount: 2,
  startedAtMs: 5,
  landmark: { sequence: 7, mark: '1/2/stored/f' },
  groups: [
    { index: 0, kind: 'dense', multiple: 1, window: 0 },
    { index: null, kind: 'window', multiple: 1, window: 128 },
  ],
};

describe('facts beside stored blocks', () => {
  it('come back as they were', () => {
    expect(decodeFacts(encodeFacts(facts))).toEqual(facts);
    const { groups: _, landmark: __, startedAtMs: ___, ...fewest } = facts;
    expect(decodeFacts(encodeFacts({ ...fewest, groups: [] }))).toEqual(fewest);
  });

  it.each(['', '{', '{}', '[{"index":0}]', '[{"index":-1,"kind":"dense","multiple":1,"window":0}]'])(
    'are not used with groups that nobody wrote: %j',
    (groups) => expect(decodeFacts({ ...encodeFacts(facts), groups })).toBeUndefined(),
  );
});
