import { describe, expect, it } from '@jest/globals';
import { fleetEndpoint, fleetPool } from '../../../test/fleet-builder.js';
import { modelConditions } from './model-conditions.js';
import { type PoolFacts, poolConditions } from './pool-conditions.js';

const brief = (conditions: ReadonlyArray<{ type: string; status: string; reason: string }>) =>
  Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
const engine = fleetEndpoint({ servedModels: new Set(['llama', 'support-lora']) });
const facts = (known: Partial<PoolFacts> = {}): PoolFacts => ({
  pool: fleetPool('p', engine),
  policy: { name: '3-2-2', prefixSource: 'exact' },
  follows: () => true,
  ...known,
});

describe('poolConditions', () => {
  it('says that all is well', () => {
    expect(brief(poolConditions(facts()))).toEqual({
      Accepted: 'True Accepted',
      ResolvedRefs: 'True ResolvedRefs',
      'penstock.dev/EnginesReady': 'True EnginesReady',
      'penstock.dev/RoutingPolicy': 'True PolicyInUse',
      'penstock.dev/PrefixesExact': 'True KvEventsFollowed',
    });
  });

  it('says what is guessed, idle, unknown or not acted upon', () => {
    const prefill = fleetEndpoint({ role: 'prefill', excluded: 'prefill-only' });
    const pool = { ...fleetPool('p', engine, prefill), policyName: 'no-such' };
    const conditions = poolConditions(facts({ pool, follows: () => false, pickerName: 'epp' }));
    expect(brief(conditions)).toEqual({
      Accepted: 'True Accepted',
      ResolvedRefs: 'Unknown NotActedUpon',
      'penstock.dev/EnginesReady': 'True EnginesReady',
      'penstock.dev/RoutingPolicy': 'False UnknownPolicy',
      'penstock.dev/PrefixesExact': 'False NoKvEvents',
      'penstock.dev/RolesActedUpon': 'False NotYetActedUpon',
    });
    expect(conditions.map(({ message }) => message).join('\n')).toMatch(
      /1 of 2 engines take requests, 1 prefill-only[\s\S]*of 2 of 2 engines no KV events come[\s\S]*prefill engines \(1\) are idle/,
    );
  });

  it.each<[string, Partial<PoolFacts>, string, string]>([
    ['no engine', { pool: fleetPool('p') }, 'penstock.dev/EnginesReady', 'False NoEngine'],
    ['no engine', { pool: fleetPool('p') }, 'penstock.dev/PrefixesExact', 'Unknown NoEngine'],
    [
      'no ready engine',
      { pool: fleetPool('p', fleetEndpoint({ excluded: 'not-ready' })) },
      'penstock.dev/EnginesReady',
      'False NoEngineReady',
    ],
    [
      'a policy without prefixes',
      { policy: { name: 'random', prefixSource: 'none' } },
      'penstock.dev/PrefixesExact',
      'False PolicyIgnoresPrefixes',
    ],
    [
      'a policy that guesses',
      { policy: { name: 'x', prefixSource: 'approximate' } },
      'penstock.dev/PrefixesExact',
      'False PolicyGuessesPrefixes',
    ],
    ['an invalid object', { problem: { reason: 'Invalid', problem: 'bad' } }, 'Accepted', 'False Invalid'],
  ])('with %s', (_name, known, type, expected) => {
    expect(brief(poolConditions(facts(known)))[type]).toBe(expected);
  });

  it('says that decode engines do everything, where the prefill engines are in no pool', () => {
    const [decode] = poolConditions(facts({ pool: fleetPool('p', fleetEndpoint({ role: 'decode' })) })).slice(
      -1,
    );
    expect(decode).toMatchObject({
      type: 'penstock.dev/RolesActedUpon',
      status: 'False',
      message: 'prefill and decode are not split yet: decode engines (1) get whole requests',
    });
  });

  it('says of the older of two versions only that the other is served', () => {
    const problem = { reason: 'ServedByOtherVersion', problem: 'the first is served' };
    expect(brief(poolConditions(facts({ problem })))).toEqual({
      Accepted: 'False ServedByOtherVersion',
      ResolvedRefs: 'True ResolvedRefs',
    });
  });
});

describe('modelConditions', () => {
  const pool = fleetPool('p', engine, fleetEndpoint());

  it('says that targets are not served and criticality is not enforced', () => {
    const targets = ['llama', 'support-lora', 'code-lora'];
    const conditions = modelConditions({
      poolId: 'ns/p',
      pool,
      targets,
      criticality: { name: 'Critical', priority: 100 },
    });
    expect(brief(conditions)).toEqual({
      Accepted: 'True Accepted',
      ResolvedRefs: 'True ResolvedRefs',
      'penstock.dev/TargetsServed': 'False TargetsNotServed',
      'penstock.dev/CriticalityEnforced': 'False NotYetEnforced',
    });
    expect(conditions[2]?.message).toContain('serves code-lora:');
    expect(conditions[3]?.message).toContain('criticality Critical is priority 100');
  });

  it('gives a name to one object only', () => {
    const taken = { modelName: 'llama', by: 'InferenceModel ns/first' };
    const conditions = modelConditions({ poolId: 'ns/p', pool, taken });
    expect(brief(conditions)).toEqual({ Accepted: 'False NameInUse', ResolvedRefs: 'True ResolvedRefs' });
    expect(conditions[0]?.message).toContain('llama belongs to InferenceModel ns/first');
  });

  it.each([
    [
      { invalid: 'spec: bad', poolId: 'ns/p' },
      { Accepted: 'False Invalid', ResolvedRefs: 'False PoolNotFound' },
    ],
    [
      { poolId: 'ns/gone', targets: ['llama'] },
      { Accepted: 'True Accepted', ResolvedRefs: 'False PoolNotFound' },
    ],
    [
      { poolId: 'ns/p', pool: fleetPool('p'), targets: ['llama'] },
      {
        Accepted: 'True Accepted',
        ResolvedRefs: 'True ResolvedRefs',
        'penstock.dev/TargetsServed': 'Unknown NoEngine',
      },
    ],
    [
      { poolId: 'ns/p', pool, targets: ['llama'] },
      {
        Accepted: 'True Accepted',
        ResolvedRefs: 'True ResolvedRefs',
        'penstock.dev/TargetsServed': 'True TargetsServed',
      },
    ],
  ])('%j', (known, expected) => {
    expect(brief(modelConditions(known))).toEqual(expected);
  });
});
