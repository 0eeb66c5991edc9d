import { describe, expect, it } from '@jest/globals';
import { CUSTOM_RESOURCES, customResourceDefinition, variantAutoscalingSchema } from './index.js';

const variant = (spec: object) => ({
  apiVersion: 'llmd.ai/v1alpha1',
  kind: 'VariantAutoscaling',
  metadata: { name: 'v', namespace: 'llm-d' },
  spec: { scaleTargetRef: { kind: 'Deployment', name: 'd' }, modelID: 'm', ...spec },
});

describe('VariantAutoscaling', () => {
  it('fills the defaults of the API', () => {
    expect(variantAutoscalingSchema.parse(variant({})).spec).toMatchObject({
      variantCost: '10.0',
      minReplicas: 1,
      maxReplicas: 10,
    });
  });

  it.each([
    ['a cost that is no decimal number', { variantCost: '10 €' }],
    ['a negative cost', { variantCost: '-1' }],
    ['an empty model', { modelID: '' }],
    ['a minimum above the maximum', { minReplicas: 4, maxReplicas: 3 }],
    ['a minimum above the default maximum', { minReplicas: 11 }],
    ['a maximum of 0', { minReplicas: 0, maxReplicas: 0 }],
    ['a target without a name', { scaleTargetRef: { kind: 'Deployment' } }],
  ])('refuses %s', (_what, spec) => {
    expect(variantAutoscalingSchema.safeParse(variant(spec)).success).toBe(false);
  });

  it('has the same rules in its definition', () => {
    const entry = CUSTOM_RESOURCES.find((known) => known.resource.kind === 'VariantAutoscaling');
    const [version] = customResourceDefinition(entry!).spec.versions;
    expect(version?.schema.openAPIV3Schema.properties).toMatchObject({
      spec: {
        required: ['scaleTargetRef', 'modelID'],
        properties: {
          variantCost: { pattern: '^\\d+(\\.\\d+)?$', default: '10.0' },
          minReplicas: { minimum: 0, default: 1 },
          maxReplicas: { minimum: 1, default: 10 },
        },
        'x-kubernetes-validations': [
          {
            rule: 'self.minReplicas <= self.maxReplicas',
            message: 'minReplicas must not be greater than maxReplicas',
          },
        ],
      },
    });
  });
});
