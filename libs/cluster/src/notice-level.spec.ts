import { describe, expect, it } from '@jest/globals';
import { noticeLevel } from './notice-level.js';

describe('noticeLevel', () => {
  it('warns of failures and not of the routine of a quiet kind', () => {
    const ended = (reason: 'closed' | 'silent' | 'gone' | 'broken' | 'failed') =>
      noticeLevel({ kind: 'watch-ended', resource: 'pods.core', reason });
    expect(['closed', 'silent', 'gone', 'broken', 'failed'].map((r) => ended(r as 'closed'))).toEqual([
      'debug',
      'debug',
      'info',
      'warn',
      'warn',
    ]);
    expect(noticeLevel({ kind: 'request-failed', what: 'GET /version', status: 0, message: 'x' })).toBe(
      'warn',
    );
  });
});
