import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@penstock/platform';
import { type ClusterNotice, logNotices } from './index.js';

const NOTICES: readonly ClusterNotice[] = [
  { kind: 'request-failed', what: 'GET /version', status: 503, message: 'not now' },
  { kind: 'listed', resource: 'pods.core', objects: 3, reason: 'first' },
  { kind: 'watch-ended', resource: 'pods.core', reason: 'gone', message: 'too old' },
  { kind: 'kind-absent', resource: 'podgangs.scheduler.grove.io' },
  { kind: 'events-dropped', count: 2 },
  { kind: 'handler-failed', resource: 'pods.core', message: 'x' },
  { kind: 'lease-lost', lease: 'ns/leader', transitions: 4 },
];

describe('logNotices', () => {
  it('tells everything that a notice says, at the level that it deserves', () => {
    const lines: Array<Record<string, unknown>> = [];
    const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
    const onNotice = logNotices(createLogger({ service: 's', instance: 'i', level: 'debug', destination }));
    for (const notice of NOTICES) onNotice(notice);
    expect(lines.map(({ level }) => level)).toEqual([
      ...['warn', 'debug', 'info', 'info', 'warn', 'warn', 'warn'],
    ]);
    for (const [i, { kind, ...fields }] of NOTICES.entries()) {
      expect(lines[i]).toMatchObject({ ...fields, msg: `kubernetes: ${kind}` });
      expect(lines[i]).not.toHaveProperty('withheldFields');
    }
  });
});
