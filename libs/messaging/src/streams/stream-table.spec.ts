import { describe, expect, it } from '@jest/globals';
import { EVENTS } from '@penstock/contracts';
import { eventSubject } from '../wire/event-subject.js';
import { streamDrift, wantedStream } from './stream-config.js';
import { STREAM_NAMES, streamSubjects } from './stream-table.js';

const covers = (pattern: string, subject: string) => subject.startsWith(pattern.slice(0, -1));

describe('stream table', () => {
  it('stores every event in its stream and in no other', () => {
    for (const { type, stream } of Object.values(EVENTS)) {
      const subject = eventSubject({ type, namespace: 'ns', pool: 'p' });
      const holders = STREAM_NAMES.filter((name) =>
        streamSubjects(name).some((pattern) => covers(pattern, subject)),
      );
      expect(holders).toEqual([stream]);
    }
  });

  it('bounds every stream in age and size', () => {
    for (const name of STREAM_NAMES) {
      const config = wantedStream(name);
      expect(config.max_age).toBeGreaterThan(0);
      expect(config.max_bytes).toBeGreaterThan(0);
      expect(config.duplicate_window).toBeLessThanOrEqual(config.max_age);
      expect(config.discard).toBe('old');
    }
    expect(wantedStream('PENSTOCK_KV').storage).toBe('memory');
    expect(wantedStream('PENSTOCK_DEMAND').storage).toBe('memory');
  });

  it('names every field that drifted', () => {
    const wanted = wantedStream('PENSTOCK_TIER');
    const actual = { ...wanted, max_age: 5, subjects: ['other.>'] };
    expect(streamDrift(wanted, actual as never)).toEqual([
      'subjects is ["other.>"], expected ["penstock.v1.tier.>"]',
      'max_age is 5, expected 3600000000000',
    ]);
  });
});
