import { describe, expect, it } from '@jest/globals';
import {
  type InferenceModel,
  type InferenceModelRewrite,
  inferenceModelKind,
  inferenceModelRewriteKind,
} from '@penstock/contracts';
import fc from 'fast-check';
import { eventually } from '../../test/eventually.js';
import { HandCluster } from '../../test/hand-cluster.js';
import { ModelDirectory, resolveModel } from '../index.js';

const at = (day: number) => `2026-11-${String(day).padStart(2, '0')}T00:00:00Z`;

function model(name: string, day: number, spec: Partial<InferenceModel['spec']> = {}): InferenceModel {
  return {
    apiVersion: 'inference.networking.x-k8s.io/v1alpha2',
    kind: 'InferenceModel',
    metadata: { namespace: 'llm-d', name, creationTimestamp: at(day) },
    spec: { modelName: 'llama', poolRef: { name: 'pool' }, ...spec },
  };
}

function rewrite(
  name: string,
  day: number,
  rules: InferenceModelRewrite['spec']['rules'],
): InferenceModelRewrite {
  return {
    apiVersion: 'llm-d.ai/v1alpha2',
    kind: 'InferenceModelRewrite',
    metadata: { namespace: 'llm-d', name, creationTimestamp: at(day) },
    spec: { poolRef: { name: 'pool' }, rules },
  };
}

const exactly = (value: string, to: string) => ({
  matches: [{ model: { type: 'Exact' as const, value } }],
  targets: [{ modelRewrite: to }],
});
const anything = (to: string) => ({ targets: [{ modelRewrite: to }] });

describe('resolveModel', () => {
  it('leaves a model alone that no object names', () => {
    expect(resolveModel([], [], 'gpt', 0.5)).toEqual({ targetModel: 'gpt', rule: 'none' });
    expect(resolveModel([model('m', 1)], [], 'gpt', 0.5).rule).toBe('none');
  });

  it('sends a model without targets to its pool under its own name, with the priority of its criticality', () => {
    expect(resolveModel([model('m', 1, { criticality: 'Sheddable' })], [], 'llama', 0)).toEqual({
      pool: { namespace: 'llm-d', name: 'pool' },
      targetModel: 'llama',
      rule: 'InferenceModel llm-d/m',
      priority: -100,
    });
    const priority = (criticality: 'Critical' | 'Standard') =>
      resolveModel([model('m', 1, { criticality })], [], 'llama', 0).priority;
    expect([priority('Critical'), priority('Standard')]).toEqual([100, 0]);
    expect(resolveModel([model('m', 1)], [], 'llama', 0).priority).toBeUndefined();
  });

  it('splits 70/20/10 at the right draws', () => {
    const targetModels = [
      { name: 'llama', weight: 70 },
      { name: 'support-lora', weight: 20 },
      { name: 'code-lora', weight: 10 },
    ];
    const target = (draw: number) =>
      resolveModel([model('m', 1, { targetModels })], [], 'llama', draw).targetModel;
    expect([0, 0.69, 0.7, 0.89, 0.9, 0.999999].map(target)).toEqual([
      'llama',
      'llama',
      'support-lora',
      'support-lora',
      'code-lora',
      'code-lora',
    ]);
  });

  it('prefers exact to generic, then the oldest object, then the order of rules', () => {
    const rewrites = [
      rewrite('young', 9, [exactly('llama', 'young')]),
      rewrite('old', 3, [anything('old-generic'), exactly('llama', 'old'), exactly('llama', 'later')]),
      rewrite('older', 2, [anything('older-generic')]),
    ];
    const resolve = (name: string) => resolveModel([model('m', 1)], rewrites, name, 0);
    expect(resolve('llama')).toMatchObject({
      targetModel: 'old',
      rule: 'InferenceModelRewrite llm-d/old rule 1',
    });
    expect(resolve('other')).toMatchObject({ targetModel: 'older-generic' });
    // A model that names itself is more exact than a rule for everything.
    expect(resolveModel([model('m', 1)], rewrites.slice(2), 'llama', 0).rule).toBe('InferenceModel llm-d/m');
  });

  it('gives a name that two models claim to the oldest, and to the first name among equals', () => {
    const models = [model('c', 5), model('b', 4), model('a', 5), model('d', 4)];
    expect(resolveModel(models, [], 'llama', 0).rule).toBe('InferenceModel llm-d/b');
    expect(resolveModel([...models].reverse(), [], 'llama', 0).rule).toBe('InferenceModel llm-d/b');
  });

  it('takes any of several matches', () => {
    const rules = [{ ...exactly('a', 'x'), matches: [{ model: { value: 'a' } }, { model: { value: 'b' } }] }];
    expect(
      ['a', 'b', 'c'].map((name) => resolveModel([], [rewrite('r', 1, rules)], name, 0).targetModel),
    ).toEqual(['x', 'x', 'c']);
  });

  it('gives every target the share of its weight', () => {
    const weight = fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined });
    fc.assert(
      fc.property(fc.array(weight, { minLength: 1, maxLength: 10 }), (weights) => {
        const targetModels = weights.map((w, i) => ({ name: `t${i}`, weight: w }));
        const share = new Map<string, number>();
        const steps = 2000;
        for (let i = 0; i < steps; i++) {
          const { targetModel } = resolveModel(
            [model('m', 1, { targetModels })],
            [],
            'llama',
            (i + 0.5) / steps,
          );
          share.set(targetModel, (share.get(targetModel) ?? 0) + 1 / steps);
        }
        const equal = weights.every((w) => !w);
        const total = weights.reduce<number>((sum, w) => sum + (equal ? 1 : (w ?? 0)), 0);
        weights.forEach((w, i) => {
          const wanted = (equal ? 1 : (w ?? 0)) / total;
          expect(Math.abs((share.get(`t${i}`) ?? 0) - wanted)).toBeLessThanOrEqual(2 / steps);
          if (wanted === 0) expect(share.has(`t${i}`)).toBe(false);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('does not depend on the order in which objects arrive', () => {
    const aName = fc.constantFrom('llama', 'gpt');
    const aModel = fc
      .tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 3 }), aName)
      .map(([name, day, modelName]) =>
        model(name, day, { modelName, targetModels: [{ name: `${name}-target` }] }),
      );
    const aRewrite = fc
      .tuple(
        fc.constantFrom('d', 'e', 'f'),
        fc.integer({ min: 1, max: 3 }),
        fc.array(
          fc.oneof(
            aName.map((n) => exactly(n, `${n}-x`)),
            fc.constant(anything('any')),
          ),
          { maxLength: 3 },
        ),
      )
      .map(([name, day, rules]) => rewrite(name, day, rules));
    const unique = { selector: (o: { metadata: { name: string } }) => o.metadata.name };
    fc.assert(
      fc.property(
        fc.uniqueArray(aModel, unique),
        fc.uniqueArray(aRewrite, unique),
        aName,
        (models, rewrites, name) => {
          expect(resolveModel([...models].reverse(), [...rewrites].reverse(), name, 0)).toEqual(
            resolveModel(models, rewrites, name, 0),
          );
        },
      ),
    );
  });
});

describe('ModelDirectory', () => {
  it('follows the objects and says which are invalid', async () => {
    const hand = new HandCluster();
    hand.put(inferenceModelKind, model('m', 2, { targetModels: [{ name: 'first' }] }));
    const mixed = [{ name: 'a', weight: 1 }, { name: 'b' }];
    hand.put(inferenceModelKind, model('bad', 1, { targetModels: mixed }));
    const directory = new ModelDirectory(hand.cluster);
    expect(directory.resolve('llama', 0).rule).toBe('none');
    await eventually(() => directory.synced, Boolean);
    expect(directory.resolve('llama', 0).targetModel).toBe('first');
    expect(directory.problems()).toEqual([
      'InferenceModel llm-d/bad is invalid: spec.targetModels: weights must be set on every target or on none',
    ]);
    hand.put(inferenceModelRewriteKind, rewrite('r', 3, [exactly('llama', 'second')]));
    expect(directory.resolve('llama', 0).targetModel).toBe('second');
    expect(directory.modelNames()).toEqual(['llama']);
    hand.remove(inferenceModelRewriteKind, rewrite('r', 3, []));
    hand.remove(inferenceModelKind, model('m', 2));
    hand.remove(inferenceModelKind, model('bad', 1));
    expect(directory.resolve('llama', 0)).toEqual({ targetModel: 'llama', rule: 'none' });
    expect(directory.problems()).toEqual([]);
    await directory.stop();
    expect(hand.watchers.every((watcher) => watcher.stopped)).toBe(true);
  });

  it('says of every object what is made of it, and which targets a pool has', async () => {
    const hand = new HandCluster();
    const split = [
      { name: 'llama', weight: 90 },
      { name: 'finetuned', weight: 10 },
    ];
    hand.put(inferenceModelKind, model('canary', 4, { targetModels: split }));
    hand.put(inferenceModelKind, model('single', 2));
    hand.put(
      inferenceModelKind,
      model('bad', 1, { targetModels: [{ name: 'a', weight: 1 }, { name: 'b' }] }),
    );
    hand.put(inferenceModelKind, model('other', 3, { modelName: 'gpt', targetModels: split }));
    hand.put(inferenceModelRewriteKind, rewrite('r', 5, [exactly('alias', 'llama')]));
    const directory = new ModelDirectory(hand.cluster);
    await eventually(() => directory.synced, Boolean);
    const claims = Object.fromEntries(directory.claims().map((claim) => [claim.object.metadata.name, claim]));
    expect(claims['single']).toMatchObject({ rule: { rule: 'InferenceModel llm-d/single' } });
    expect(claims['canary']?.takenBy).toBe('InferenceModel llm-d/single');
    expect(claims['bad']?.invalid).toContain('weights must be set on every target or on none');
    expect(claims['r']).toEqual({ object: expect.anything() });
    expect(directory.targetsOf('llm-d', 'pool').sort()).toEqual(['finetuned', 'llama']);
    expect(directory.targetsOf('llm-d', 'nobody')).toEqual([]);
    // The name of a model that a rewrite decides about is taken too.
    hand.put(inferenceModelRewriteKind, rewrite('r', 5, [exactly('gpt', 'llama')]));
    const taken = directory.claims().find((claim) => claim.object.metadata.name === 'other')?.takenBy;
    expect(taken).toBe('InferenceModelRewrite llm-d/r rule 0');
    await directory.stop();
  });
});
