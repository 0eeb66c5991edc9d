import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type EnginePrompt, loadTokenizer, type Tokenizer } from '@penstock/engine';
import { fleetEndpoint, fleetOf, fleetPool } from '../../../test/fleet-builder.js';
import type { FleetEndpoint } from '../fleet.js';
import { type ModelParity, PROBES, TokenizerParity } from './tokenizer-parity.js';

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await loadTokenizer();
});
const encode = (prompt: EnginePrompt): Uint32Array =>
  prompt.kind === 'text' ? tokenizer.encode(prompt.text) : tokenizer.encodeChat(prompt.messages as never);

let asked: string[];
let endpoints: FleetEndpoint[];
let version: string;
let nowMs: number;
let answers: Record<string, (prompt: EnginePrompt) => Uint32Array>;
let changes: ModelParity[];
beforeEach(() => {
  [asked, changes, answers, version, nowMs] = [[], [], {}, '1', 0];
  endpoints = [engine('a'), engine('b')];
});
const engine = (name: string, facts: Partial<FleetEndpoint> = {}): FleetEndpoint =>
  fleetEndpoint({ engineId: name, address: name, baseModel: 'm', servedModels: new Set(['m']), ...facts });
const build = () =>
  new TokenizerParity({
    fleet: fleetOf(() => [fleetPool('p', ...endpoints)]),
    tokenizers: {
      of: (model) =>
        model === 'm' ? { tokenizer, source: { dir: 'd', version }, origin: 'folder' } : undefined,
    },
    ask: async (address, _model, prompt) => {
      asked.push(address);
      return (answers[address] ?? encode)(prompt);
    },
    nowMs: () => nowMs,
    onChange: (parity) => void changes.push(parity),
  });
const both = (parity: TokenizerParity) => [parity.of('m', 'text'), parity.of('m', 'chat')];

describe('TokenizerParity', () => {
  it('compares every engine once, and again when it or the tokenizer changes', async () => {
    const parity = build();
    expect(both(parity)).toEqual(['unknown', 'unknown']);
    await parity.check();
    await parity.check();
    expect(both(parity)).toEqual(['match', 'match']);
    expect(asked.sort()).toEqual([...PROBES.map(() => 'a'), ...PROBES.map(() => 'b')]);
    endpoints[0] = engine('a', { lives: 1 });
    asked = [];
    await parity.check();
    expect(asked).toEqual(PROBES.map(() => 'a'));
    version = '2';
    asked = [];
    await parity.check();
    expect(asked).toHaveLength(2 * PROBES.length);
    expect(changes.map(({ outcome }) => outcome)).toEqual(['match', 'match']);
  });

  it('one engine that differs in one token is a drift, until it is gone', async () => {
    answers['b'] = (prompt) =>
      prompt.kind === 'text' ? encode(prompt).map((id, i) => id + (i === 3 ? 1 : 0)) : encode(prompt);
    const parity = build();
    await parity.check();
    expect(both(parity)).toEqual(['drift', 'match']);
    expect(parity.list().find(({ outcome }) => outcome === 'drift')?.detail).toMatch(
      /^engine b: .*token 3 is/,
    );
    endpoints.pop();
    await parity.check();
    expect(both(parity)).toEqual(['match', 'match']);
    expect(changes.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual([
      'text drift',
      'chat match',
      'text match',
    ]);
  });

  it('a longer or shorter answer is a drift', async () => {
    answers['a'] = (prompt) => encode(prompt).slice(0, -1);
    answers['b'] = (prompt) => Uint32Array.of(...encode(prompt), 1);
    const parity = build();
    await parity.check();
    expect(both(parity)).toEqual(['drift', 'drift']);
  });

  it('keeps a drift while no engine is there', async () => {
    answers['a'] = () => Uint32Array.of(1);
    const parity = build();
    await parity.check();
    endpoints = [];
    await parity.check();
    expect(both(parity)).toEqual(['drift', 'drift']);
    endpoints = [engine('c')];
    await parity.check();
    expect(both(parity)).toEqual(['match', 'match']);
  });

  it('an engine that cannot say is asked again later', async () => {
    endpoints.pop();
    answers['a'] = () => {
      throw new Error('404');
    };
    const parity = build();
    await parity.check();
    await parity.check();
    expect(both(parity)).toEqual(['unknown', 'unknown']);
    expect(asked).toHaveLength(PROBES.length);
    nowMs = 60_000;
    delete answers['a'];
    await parity.check();
    expect(both(parity)).toEqual(['match', 'match']);
  });

  it('leaves engines alone that do not answer, or whose model or tokenizer is not known', async () => {
    const silent = engine('c', { answers: false });
    endpoints = [silent, fleetEndpoint({ engineId: 'd', address: 'd' }), engine('e', { baseModel: 'other' })];
    await build().check();
    expect(asked).toEqual([]);
  });
});
