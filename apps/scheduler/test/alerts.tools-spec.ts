import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { packU64 } from '@penstock/contracts';
import { blockKeys, namespaceSeed } from '@penstock/core/kv';
import { AlertTrial, until } from '@penstock/testing';
import { parse } from 'yaml';
import { type Harness, type HarnessOptions, startHarness } from './scheduler-harness.js';

const RULES = fileURLToPath(new URL('../../../deploy/dashboards/rules/scheduler.yaml', import.meta.url));
/** Scrapes that stand for four minutes: longer than any alert waits. */
const SCRAPES = 16;
/** A block: what the engine says it had of every prompt. */
const PROMPT = [1, 2, 3, 4];
const LONG = Array.from({ length: 64 }, (_, i) => i + 1);

describe('alerts of the scheduler', () => {
  const fired = new Set<string>();
  let h: Harness;
  let trial: AlertTrial;
  afterEach(() => h.stop());

  async function start(options: HarnessOptions): Promise<void> {
    trial = new AlertTrial(RULES);
    h = await startHarness({ engines: 1, ...options });
  }

  async function watch(during: () => Promise<unknown>): Promise<string[]> {
    const from = trial.length;
    for (let i = 0; i < SCRAPES; i++) {
      await during();
      const text = (await h.metrics()).split('\n').filter((line) => line.startsWith('penstock_'));
      trial.scraped(text.join('\n'));
    }
    return [...(await trial.firing(from))];
  }

  const ask = async (prompt: readonly number[]) =>
    (await h.post('/v1/completions', { model: 'base', prompt, stream: true })).text();

  /** Says that the engine holds the prompt. */
  async function claim(prompt: readonly number[], sequence: number): Promise<void> {
    const keys = blockKeys(namespaceSeed({ model: 'base', blockSize: 4 }), prompt, 4);
    const engine = 'ns/engine-0';
    const place = { incarnation: 1, sequence, part: 0, parts: 1 };
    const tiers = [{ tier: 'gpu', keys: packU64(keys) }];
    const data = { engine, ...place, tiers };
    h.bus.publish({ type: 'kv.snapshot', namespace: 'ns', pool: 'p', key: `${engine}/0`, data });
    await h.bus.settle();
  }

  it('say that engines do not have what was promised', async () => {
    await start({});
    for (const engine of h.engines) engine.behaviour = { kind: 'stream', tokens: 3, usage: true };
    // The engine says that it had 4 tokens of every prompt.
    await claim(PROMPT, 1);
    await until(async () => {
      await ask(PROMPT);
      return /promised_tokens_total\{[^}]*outcome="kept"\} [1-9]/.test(await h.metrics());
    }, 20_000);
    expect(await watch(() => ask(PROMPT))).toEqual([]);
    await claim(LONG, 2);
    await until(async () => {
      await ask(LONG);
      return /promised_tokens_total\{[^}]*outcome="broken"\} [1-9]/.test(await h.metrics());
    }, 20_000);
    expect(await watch(() => ask(LONG))).toEqual(['PenstockCachePromisesBroken']);
    fired.add('PenstockCachePromisesBroken');
  }, 60_000);

  it('say that an engine has another tokenizer', async () => {
    const of = ({ prompt = '' }: { prompt?: string }) => Uint32Array.from(prompt, (c) => c.charCodeAt(0));
    await start({ tokenize: { api: 'tokenize', of } });
    await until(async () => /parity\{[^}]*outcome="drift"\} 1/.test(await h.metrics()), 30_000);
    expect(await watch(async () => undefined)).toEqual(['PenstockTokenizerDiffers']);
    fired.add('PenstockTokenizerDiffers');
  }, 60_000);

  it('are all fired above, and each is in the runbook', async () => {
    await start({});
    const { groups } = parse(readFileSync(RULES, 'utf8')) as {
      groups: Array<{ rules: Array<{ alert: string; annotations: { runbook: string } }> }>;
    };
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.map(({ alert }) => alert).toSorted()).toEqual([...fired].toSorted());
    for (const { alert, annotations } of rules) {
      const [file, anchor] = annotations.runbook.split('#');
      expect(anchor).toBe(alert.toLowerCase());
      const page = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
      expect(page).toContain(`\n## ${alert}\n`);
    }
  });
});
