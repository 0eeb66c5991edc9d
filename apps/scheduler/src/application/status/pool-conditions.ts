import type { PrefixSource } from '@penstock/core/routing';
import type { FleetPool } from '../fleet.js';
import type { ModelParity } from '../tokenizing/tokenizer-parity.js';
import type { WantedCondition } from './merge-conditions.js';

export interface PoolFacts {
  /** Why the object is not served as it stands. */
  readonly problem?: { readonly reason: string; readonly problem: string };
  /** As it is served; absent when it is not. */
  readonly pool?: FleetPool;
  readonly policy?: { readonly name: string; readonly prefixSource: PrefixSource };
  /** Whether the engine's KV events come. */
  readonly follows: (engineId: string) => boolean;
  /** What comparing tokens with the pool's engines came to; absent when that is not done. */
  readonly parity?: readonly ModelParity[];
  /** Name of the Service that the object wants gateways to ask. */
  readonly pickerName?: string;
}

/** What to say about an InferencePool, of either version: what is served, and what is not acted upon. */
export function poolConditions(facts: PoolFacts): WantedCondition[] {
  const { problem, pool, policy } = facts;
  const conditions = [accepted(facts), resolvedRefs(facts)];
  // Of two objects of one name only one speaks for the engines.
  if (!pool || !policy || problem?.reason === 'ServedByOtherVersion') return conditions;
  conditions.push(enginesReady(pool), routingPolicy(pool, policy.name), prefixes(facts, pool, policy));
  if (facts.parity) conditions.push(tokenizerParity(facts.parity));
  const roles = rolesActedUpon(pool);
  if (roles) conditions.push(roles);
  return conditions;
}

function accepted({ problem, pool }: PoolFacts): WantedCondition {
  if (!problem)
    return { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'the pool is served' };
  const still = pool && problem.reason === 'Invalid' ? '; it is served as it was before' : '';
  return { type: 'Accepted', status: 'False', reason: problem.reason, message: `${problem.problem}${still}` };
}

function resolvedRefs({ pickerName }: PoolFacts): WantedCondition {
  if (pickerName === undefined) {
    return {
      type: 'ResolvedRefs',
      status: 'True',
      reason: 'ResolvedRefs',
      message: 'there is no reference to resolve',
    };
  }
  return {
    type: 'ResolvedRefs',
    status: 'Unknown',
    reason: 'NotActedUpon',
    message: `endpointPickerRef ${pickerName} is for gateways: this scheduler serves the pool itself and does not look it up`,
  };
}

function enginesReady({ endpoints }: FleetPool): WantedCondition {
  const type = 'penstock.dev/EnginesReady';
  const ready = endpoints.filter((endpoint) => endpoint.excluded === undefined).length;
  const others = new Map<string, number>();
  for (const { excluded } of endpoints) {
    if (excluded !== undefined) others.set(excluded, (others.get(excluded) ?? 0) + 1);
  }
  const why = [...others].map(([reason, count]) => `, ${count} ${reason}`).join('');
  const message =
    endpoints.length === 0
      ? 'no pod matches the selector and has an address'
      : `${ready} of ${endpoints.length} engines take requests${why}`;
  if (ready > 0) return { type, status: 'True', reason: 'EnginesReady', message };
  return { type, status: 'False', reason: endpoints.length === 0 ? 'NoEngine' : 'NoEngineReady', message };
}

/** Undefined where no engine is for one phase only. */
function rolesActedUpon({ endpoints }: FleetPool): WantedCondition | undefined {
  const decode = endpoints.filter((endpoint) => endpoint.role === 'decode').length;
  const prefill = endpoints.filter((endpoint) => endpoint.role === 'prefill').length;
  if (decode + prefill === 0) return undefined;
  const parts = [
    ...(decode === 0 ? [] : [`decode engines (${decode}) get whole requests`]),
    ...(prefill === 0 ? [] : [`prefill engines (${prefill}) are idle`]),
  ];
  return {
    type: 'penstock.dev/RolesActedUpon',
    status: 'False',
    reason: 'NotYetActedUpon',
    message: `prefill and decode are not split yet: ${parts.join(', ')}`,
  };
}

function routingPolicy({ policyName }: FleetPool, used: string): WantedCondition {
  const type = 'penstock.dev/RoutingPolicy';
  if (policyName === undefined || policyName === used) {
    return { type, status: 'True', reason: 'PolicyInUse', message: `requests are routed by ${used}` };
  }
  const message = `the annotation penstock.dev/routing-policy names "${policyName.slice(0, 100)}", which does not exist: ${used} is used`;
  return { type, status: 'False', reason: 'UnknownPolicy', message };
}

function prefixes(
  { follows }: PoolFacts,
  { endpoints }: FleetPool,
  { name, prefixSource }: NonNullable<PoolFacts['policy']>,
): WantedCondition {
  const type = 'penstock.dev/PrefixesExact';
  if (prefixSource === 'none') {
    const message = `policy ${name} does not look at what engines hold`;
    return { type, status: 'False', reason: 'PolicyIgnoresPrefixes', message };
  }
  if (prefixSource === 'approximate') {
    const message = `policy ${name} guesses what engines hold from where requests went and from the cached tokens in their answers`;
    return { type, status: 'False', reason: 'PolicyGuessesPrefixes', message };
  }
  if (endpoints.length === 0)
    return { type, status: 'Unknown', reason: 'NoEngine', message: 'there is no engine' };
  const silent = endpoints.filter((endpoint) => !follows(endpoint.engineId)).length;
  if (silent === 0) {
    const message = `what ${endpoints.length} engines hold is known from their KV events`;
    return { type, status: 'True', reason: 'KvEventsFollowed', message };
  }
  const message =
    `of ${silent} of ${endpoints.length} engines no KV events come (a container port named kv-events, and kv-index, are needed): ` +
    'what they hold is guessed from where requests went and from the cached tokens in their answers';
  return { type, status: 'False', reason: 'NoKvEvents', message };
}

function tokenizerParity(parity: readonly ModelParity[]): WantedCondition {
  const type = 'penstock.dev/TokenizerParity';
  const drifts = parity.filter(({ outcome }) => outcome === 'drift');
  if (drifts.length > 0) {
    const what = drifts
      .map(({ model, kind, detail = '' }) => `${kind} prompts of ${model}: ${detail}`)
      .join('; ');
    const message = `the tokenizer here is not that of the engines, which tokenise instead until it is (--tokenizers-dir, --tokenizer-names): ${what}`;
    return { type, status: 'False', reason: 'Drift', message };
  }
  const matches = parity.filter(({ outcome }) => outcome === 'match');
  if (matches.length === 0) {
    const message = 'no engine has tokenised a prompt for comparison (POST /tokenize)';
    return { type, status: 'Unknown', reason: 'NotCompared', message };
  }
  const models = [...new Set(matches.map(({ model }) => model))].join(', ');
  return { type, status: 'True', reason: 'Match', message: `tokens of ${models} are those of the engines` };
}
