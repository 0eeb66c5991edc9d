import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { type ChartCopies, copyChart } from './chart-copies.js';
import { Helm } from './helm.js';
import { type Profile, releaseOf, valuesFile } from './profiles.js';
import { idOf, type RenderedObject } from './rendered-object.js';

/** What a key of a values file does: a path into one object, and what is there with the key and without it. */
interface Effect {
  readonly key: string;
  /**
   * In place of leaving the key out, where the file says what is the default already: leaving it out could change
   * nothing, so the opposite is compared.
   */
  readonly opposite?: unknown;
  readonly object: string;
  readonly path: string;
  readonly is: unknown;
  readonly was: unknown;
}

const ENGINES = 'InferencePool/penstock-engines';
const DECODE_BOUNDS = 'metadata.annotations.penstock.dev/decode-replicas';
const EFFECTS: readonly [Profile, readonly Effect[]][] = [
  [
    'foreign-a',
    [
      {
        key: 'inferenceScheduler.enabled',
        opposite: false,
        object: 'Deployment/penstock-scheduler',
        path: 'kind',
        is: 'Deployment',
        was: undefined,
      },
      {
        key: 'pdDisaggregation.enabled',
        object: ENGINES,
        path: 'spec.replicas',
        is: { prefill: 1, decode: 1 },
        was: undefined,
      },
      {
        key: 'kvCache.tiering.enabled',
        object: ENGINES,
        path: 'spec.kvCache.tier',
        is: 'gpu-cpu-ssd',
        was: 'gpu',
      },
      {
        key: 'kvCache.tiering.enabled',
        object: 'DaemonSet/penstock-kv-node',
        path: 'kind',
        is: 'DaemonSet',
        was: undefined,
      },
      {
        key: 'kvCache.tiering.enabled',
        object: 'Deployment/penstock-kv-index',
        path: 'spec.template.spec.containers.0.env.PENSTOCK_STORAGE_EVENTS',
        is: 'forward',
        was: undefined,
      },
      { key: 'autoscaler.scaleToZero', object: ENGINES, path: DECODE_BOUNDS, is: '0..2', was: '1..2' },
    ],
  ],
  [
    'foreign-b',
    [
      { key: 'prefillReplicas', object: ENGINES, path: 'spec.replicas.prefill', is: 1, was: undefined },
      // One is the default of decodeReplicas where engines are wanted.
      { key: 'decodeReplicas', opposite: 3, object: ENGINES, path: 'spec.replicas.decode', is: 1, was: 3 },
      {
        key: 'model.name',
        object: ENGINES,
        path: 'spec.model',
        is: 'meta-llama/Llama-3.1-70B-Instruct',
        was: 'Qwen/Qwen3-0.6B',
      },
      {
        key: 'model.source',
        object: ENGINES,
        path: 'metadata.annotations.penstock.dev/model-source',
        is: 'huggingface',
        was: undefined,
      },
      {
        key: 'model.dtype',
        object: ENGINES,
        path: 'metadata.annotations.penstock.dev/model-dtype',
        is: 'fp8',
        was: undefined,
      },
      {
        key: 'scheduler.cacheAwareRouting',
        opposite: false,
        object: 'Deployment/penstock-scheduler',
        path: 'spec.template.spec.containers.0.env.PENSTOCK_ROUTING_POLICY',
        is: '3-2-2',
        was: 'least-request',
      },
      {
        key: 'gateway.enabled',
        object: 'HTTPRoute/penstock-front-door',
        path: 'spec.parentRefs.0.name',
        is: 'penstock-gateway',
        was: undefined,
      },
      {
        key: 'gateway.className',
        opposite: 'another',
        object: 'Gateway/penstock-gateway',
        path: 'spec.gatewayClassName',
        is: 'llm-d-gateway',
        was: 'another',
      },
    ],
  ],
];

let copies: ChartCopies;
let helm: Helm;
const rendered = new Map<Profile, RenderedObject[]>();
beforeAll(async () => {
  copies = await copyChart();
  helm = new Helm();
  for (const [profile] of EFFECTS) rendered.set(profile, await helm.template(releaseOf(profile, copies)));
}, 60_000);
afterAll(() => {
  helm?.dispose();
  copies?.remove();
});

const valuesOf = (profile: Profile) => parse(readFileSync(valuesFile(profile), 'utf8')) as object;

/** Leaves of a tree as `a.b.c`. */
const leaves = (node: unknown, path: string[] = []): string[] =>
  typeof node === 'object' && node !== null
    ? Object.entries(node).flatMap(([key, each]) => leaves(each, [...path, key]))
    : [path.join('.')];

/** The tree with another value at a leaf, or without it. */
function changed(tree: object, key: string, value: unknown): object {
  const copy = structuredClone(tree) as Record<string, unknown>;
  const path = key.split('.');
  const last = path.pop() ?? '';
  const node = path.reduce((at, step) => at[step] as Record<string, unknown>, copy);
  if (value === undefined) delete node[last];
  else node[last] = value;
  return copy;
}

/** What is at a path; keys with dots are one step where they are there, environment variables go by their name. */
function at(node: unknown, path: string): unknown {
  if (path === '' || node === undefined) return node;
  if (Array.isArray(node) && !/^\d/.test(path)) {
    return (node as { name: string; value: unknown }[]).find(({ name }) => name === path)?.value;
  }
  const key = Object.keys(node as object).find((each) => path === each || path.startsWith(`${each}.`));
  return key === undefined
    ? undefined
    : at((node as Record<string, unknown>)[key], path.slice(key.length + 1));
}

const find = (objects: readonly RenderedObject[] | undefined, id: string) =>
  objects?.find((object) => idOf(object) === id);

describe.each(EFFECTS)('the values of %s', (profile, effects) => {
  it('have a known effect, key by key', () => {
    const keys = new Set(effects.map(({ key }) => key));
    expect([...keys].sort()).toEqual(leaves(valuesOf(profile)).sort());
  });

  it.each(effects.map((effect) => [effect.key, effect.object, effect.path, effect] as const))(
    '%s changes %s at %s',
    async (_key, _object, _path, { key, opposite, object, path, is, was }) => {
      const values = changed(valuesOf(profile), key, opposite);
      const before = await helm.template({ chart: copies.whole, values });
      const after = rendered.get(profile);
      expect(at(find(after, object), path)).toEqual(is);
      expect(at(find(before, object), path)).toEqual(was);
      expect(find(after, object)).not.toEqual(find(before, object));
    },
  );
});
