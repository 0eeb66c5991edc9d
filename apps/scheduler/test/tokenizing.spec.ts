import { afterEach, describe, expect, it } from '@jest/globals';
import { inferencePoolKind, packU64 } from '@penstock/contracts';
import { blockKeys, namespaceSeed } from '@penstock/core/kv';
import { loadTokenizer } from '@penstock/engine';
import { loadConfig } from '@penstock/platform';
import { until } from '@penstock/testing';
import { config } from '../src/config.js';
import { type Harness, type HarnessOptions, startHarness } from './scheduler-harness.js';

const text = 'the water turns the wheel of the station, and the gate is open. '.repeat(3);
/** Another tokenizer: every UTF-16 unit is a token. */
const byUnit = (body: { prompt?: string; messages?: object[] }) =>
  Uint32Array.from(body.prompt ?? JSON.stringify(body.messages), (unit) => unit.charCodeAt(0));

describe('tokenising', () => {
  const open: Harness[] = [];
  afterEach(async () => {
    for (const h of open.splice(0)) await h.stop();
  });
  const start = async (options: HarnessOptions) => {
    const h = await startHarness({ ...options, argv: ['--status-interval-ms=30', ...(options.argv ?? [])] });
    open.push(h);
    return h;
  };
  const holds = async (h: Harness, engine: number, tokens: ArrayLike<number>) => {
    const keys = blockKeys(namespaceSeed({ model: 'base', blockSize: 4 }), tokens, 4);
    h.bus.publish({
      type: 'kv.snapshot',
      namespace: 'ns',
      pool: 'p',
      key: `ns/engine-${engine}.0`,
      data: {
        ...{ engine: `ns/engine-${engine}`, incarnation: 1, sequence: 0, part: 0, parts: 1 },
        tiers: [{ tier: 'gpu', keys: packU64(keys) }],
      },
    });
    await h.bus.settle();
  };
  const endpointOf = async (h: Harness, body: object) => {
    const response = await h.post('/v1/completions', { model: 'base', prompt: text, stream: true, ...body });
    await response.text();
    return response.headers.get('x-penstock-endpoint');
  };
  const ready = async (h: Harness) => (await fetch(`${h.metricsUrl}/readyz`)).text();
  const parityIs = (h: Harness, kind: string, outcome: string) => async () =>
    (await h.metrics()).includes(
      `penstock_scheduler_tokenizer_parity{model="base",prompt="${kind}",outcome="${outcome}"} 1`,
    );
  const condition = async (h: Harness) => {
    const object = (await h.cluster.get(inferencePoolKind as never, 'ns', 'p')) as unknown as {
      status?: { parents?: Array<{ conditions: Array<{ type: string; reason: string; message: string }> }> };
    };
    return object.status?.parents?.[0]?.conditions.find(
      ({ type }) => type === 'penstock.dev/TokenizerParity',
    );
  };

  it('finds the engine by its own tokens where the engines have the same', async () => {
    const tokenizer = await loadTokenizer();
    const of = ({ prompt, messages }: { prompt?: string; messages?: object[] }) =>
      prompt === undefined ? tokenizer.encodeChat(messages as never) : tokenizer.encode(prompt);
    const h = await start({ engines: 3, tokenize: { api: 'tokenize', of } });
    await until(parityIs(h, 'text', 'match'), 30_000);
    await until(parityIs(h, 'chat', 'match'), 30_000);
    await until(async () => (await condition(h))?.reason === 'Match', 30_000);
    await holds(h, 2, tokenizer.encode(text));
    const before = h.engines.map(({ tokenizings }) => tokenizings);
    for (let i = 0; i < 3; i++) expect(await endpointOf(h, {})).toBe(h.addresses[2]);
    expect(h.engines.map(({ tokenizings }) => tokenizings)).toEqual(before);
  });

  it.each(['tokenize', 'render'] as const)(
    'says loudly that engines have another tokenizer, and takes their tokens (%s)',
    async (api) => {
      const h = await start({ engines: 3, tokenize: { api, of: byUnit } });
      await until(parityIs(h, 'text', 'drift'), 30_000);
      await until(async () => (await condition(h))?.reason === 'Drift', 30_000);
      expect((await condition(h))?.message).toMatch(
        /text prompts of base: engine ns\/engine-\d: .* tokens here/,
      );
      await until(async () => (await ready(h)).includes('tokenised by its engines'), 30_000);
      await holds(h, 2, byUnit({ prompt: text }));
      for (let i = 0; i < 3; i++) expect(await endpointOf(h, {})).toBe(h.addresses[2]);
      expect(await h.metrics()).toContain('penstock_scheduler_tokenize_fallback_total{cause="drift"} 3');
    },
  );

  it('routes by load alone where neither can tokenise in time', async () => {
    const h = await start({
      engines: 1,
      argv: ['--engine-tokenize-timeout-ms=20', '--tokenizer-names=base=/nowhere'],
      tokenize: { api: 'tokenize', of: () => new Promise<never>(() => {}) },
    });
    expect(await endpointOf(h, {})).toBe(h.addresses[0]);
    const metrics = await h.metrics();
    expect(metrics).toContain('penstock_scheduler_tokenize_failures_total{cause="engine"} 1');
    expect(metrics).toContain('penstock_scheduler_tokenizer_loads_total{model="base",result="failed"} 1');
    await until(async () => (await ready(h)).includes('/nowhere'), 30_000);
  });

  it('refuses settings that are no good, all at once', () => {
    const argv = ['--tokenizer-names=base', '--tokenizer-repository=hub', '--tokenize-threads=-1'];
    for (const flag of ['--tokenizer-names', '--tokenizer-repository', '--tokenize-threads'])
      expect(() => loadConfig(config, argv, {})).toThrow(flag);
  });
});
