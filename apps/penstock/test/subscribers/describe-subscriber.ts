import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Suite, startSuite } from '../../src/suite/start-suite.js';
import { type SubscriberCommand, SubscriberProcess } from './subscriber-process.js';

const MODEL = 'Qwen/Qwen3-32B';
/** Long enough for whole chunks of 32 blocks of 16 tokens. */
const STORY = 'The water turns the wheel, and the wheel turns the stone. '.repeat(150);

/**
 * What every subscriber of deploy/examples must do with a real suite: print the events one per line, end with code 0
 * on a signal, and go on where it stopped.
 *
 * @param prepare makes the example ready to be run
 */
export function describeSubscriber(
  language: string,
  prepare: (folder: string) => Promise<SubscriberCommand>,
): void {
  describe(`the ${language} subscriber`, () => {
    const home = mkdtempSync(join(tmpdir(), 'penstock-subscriber-'));
    let suite: Suite;
    let command: SubscriberCommand;
    let subscriber: SubscriberProcess | undefined;
    const start = () => {
      subscriber = new SubscriberProcess(command, suite.record.urls.nats);
      return subscriber;
    };
    beforeAll(async () => {
      command = await prepare(home);
      const options = { engines: 1, model: MODEL, gpu: 'h100', speed: 10 };
      suite = await startSuite(join(home, 'suite'), options, () => undefined, undefined, 'any');
    }, 240_000);
    afterEach(async () => {
      await subscriber?.stop('SIGKILL');
    });
    afterAll(async () => {
      await suite?.stop();
      rmSync(home, { recursive: true, force: true });
    }, 60_000);

    const complete = async (): Promise<string> => {
      const requestId = randomUUID();
      const response = await fetch(`${suite.record.urls.frontDoor}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-request-id': requestId },
        body: JSON.stringify({ model: MODEL, prompt: `${requestId} ${STORY}`, max_tokens: 4 }),
      });
      expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
      return requestId;
    };

    it('prints decisions, what engines store, and what goes to storage', async () => {
      const running = start();
      await running.told('connected to');
      const request = await complete();
      const decided = await running.line(new RegExp(`request=${request} `));
      expect(decided).toMatch(
        /^routing\.decided penstock\/laptop request=\S+ endpoint=127\.\d+\.\d+\.\d+:\d+ matched=\d+\/\d{4}$/,
      );
      // The others it follows from the moment their consumers are there: what came before is not its to print.
      const delta = await running.line(/^kv\.delta .* gpu=\+[1-9]\d*-\d+/, complete);
      expect(delta).toMatch(
        /^kv\.delta penstock\/laptop engine=penstock\/laptop-0-engine-\S+ sequence=\d+ gpu=/,
      );
      const stored = await running.line(/^tier\.stored /, complete);
      expect(stored).toMatch(/^tier\.stored penstock\/laptop engine=penstock\/\S+ node=\S+ files=[1-9]\d*$/);
      const moved = await running.line(/^tier\.moved .* from=engine to=cpu /, complete);
      expect(moved).toMatch(/ blocks=[1-9]\d* bytes=[1-9]\d*$/);
      expect(await running.stop()).toBe(0);
    }, 180_000);

    it('goes on where it stopped, and prints nothing twice', async () => {
      const missed = await complete();
      const running = start();
      await running.line(new RegExp(`^routing\\.decided .*request=${missed} `));
      const next = await complete();
      await running.line(new RegExp(`^routing\\.decided .*request=${next} `));
      expect(await running.stop('SIGINT')).toBe(0);
      const decided = running.lines().filter((line) => line.startsWith('routing.decided'));
      expect(decided).toHaveLength(2);
    }, 180_000);
  });
}
