import { describe, expect, it } from '@jest/globals';
import type { SuiteUnderTest } from './suite-under-test.js';

const LONG_PROMPT = 'The water runs through the penstock and turns the turbine. '.repeat(20);

export function describeExplain(suite: SuiteUnderTest): void {
  describe('explain', () => {
    it('says why, whichever replica decided', async () => {
      const { requestId, endpoint } = await suite.complete('hello');
      const { code, stdout } = await suite.cli('explain', requestId);
      expect(code).toBe(0);
      expect(stdout).toContain(`request   ${requestId}`);
      expect(stdout).toContain(`engine    ${endpoint}`);
      expect(stdout).toMatch(/policy 3-2-2/);
      expect(stdout).toMatch(new RegExp(`→ +${endpoint.replaceAll('.', '\\.')} +\\d\\.\\d{3}`));
    }, 90_000);

    it('has a stable document, in which a repeated prompt shows as cached', async () => {
      await suite.complete(LONG_PROMPT);
      let matched = 0;
      for (let attempt = 0; matched === 0 && attempt < 20; attempt++) {
        const { requestId } = await suite.complete(LONG_PROMPT);
        const { code, stdout } = await suite.cli('explain', requestId, '-o', 'json');
        expect(code).toBe(0);
        const document = JSON.parse(stdout);
        expect(Object.keys(document)).toEqual([
          ...[
            'requestId',
            'outcome',
            'time',
            'scheduler',
            'pool',
            'model',
            'targetModel',
            'policy',
            'endpoint',
          ],
          ...[
            'engine',
            'node',
            'reason',
            'waitedMs',
            'promptTokens',
            'matchedTokens',
            'matchedByTier',
            'prefixSource',
            'margin',
          ],
          ...['ties', 'loadAgeMs', 'kvAgeMs', 'excluded', 'candidates'],
        ]);
        expect(document).toMatchObject({
          requestId,
          outcome: 'routed',
          pool: 'penstock/laptop',
          prefixSource: 'exact',
        });
        expect(document.candidates).toHaveLength(2);
        matched = document.matchedTokens;
      }
      expect(matched).toBeGreaterThan(0);
    }, 90_000);

    it('asks every scheduler that is given, also when one is away', async () => {
      const { requestId } = await suite.complete('hello again');
      const schedulers = `127.0.0.1:1,${suite.record.urls.schedulerGrpc}`;
      expect((await suite.cli('explain', requestId, '--scheduler', schedulers)).code).toBe(0);
    }, 90_000);

    it.each([
      [['never-seen'], 1, /no scheduler has a record of request never-seen.*x-request-id/],
      [['two words'], 2, /a request id must be at most 128/],
      [
        ['x', '--scheduler', '127.0.0.1:1'],
        3,
        /no scheduler answers .*ECONNREFUSED 127\.0\.0\.1:1.*penstock doctor/,
      ],
      [['x', '--nats-url', 'nats://127.0.0.1:1'], 2, /--scheduler host:port/],
    ])(
      '%j ends with %i',
      async (args, code, sentence) => {
        const result = await suite.cli('explain', ...args, '--timeout', '500');
        expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(sentence) });
        expect(result.stderr).not.toMatch(/\n\s+at /);
      },
      90_000,
    );
  });
}
