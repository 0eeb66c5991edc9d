import { beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../contract-cluster.js';
import type { Kubectl } from './kubectl.js';

const GROUP = 'kubectl.penstock.dev';
const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `gizmos.${GROUP}` },
  spec: {
    group: GROUP,
    scope: 'Namespaced',
    names: { plural: 'gizmos', kind: 'Gizmo', shortNames: ['gz'], categories: ['penstock'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
        },
        additionalPrinterColumns: [
          { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
          { name: 'Since', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                description: 'what is wanted',
                required: ['size'],
                properties: {
                  size: { type: 'integer', description: 'how big it is' },
                  replicas: { type: 'integer' },
                },
              },
              status: { type: 'object', properties: { replicas: { type: 'integer' } } },
            },
          },
        },
      },
    ],
  },
};

/** Kinds that were defined a moment ago. */
export function describeCustomResources(get: () => Kubectl): void {
  const gizmo = (name: string, spec: object) => ({
    apiVersion: `${GROUP}/v1`,
    kind: 'Gizmo',
    metadata: { name },
    spec,
  });

  beforeAll(async () => {
    await get().ok(['apply', '-f', '-'], { stdin: DEFINITION });
    await get().ok(['wait', '--for=condition=Established', `crd/gizmos.${GROUP}`, '--timeout=30s']);
    await eventually(async () => get().ok(['get', 'gizmos']), 30_000);
  });

  it('applies, shows columns and categories, scales and writes status', async () => {
    expect(await get().ok(['apply', '-f', '-'], { stdin: gizmo('g1', { size: 3, replicas: 1 }) })).toBe(
      `gizmo.${GROUP}/g1 created\n`,
    );
    expect(await get().ok(['get', 'gz'])).toMatch(/^NAME +SIZE +SINCE\ng1 +3 +\d+s\n$/);
    expect(await get().ok(['get', 'penstock', '-o', 'name'])).toBe(`gizmo.${GROUP}/g1\n`);
    await get().ok(['scale', 'gizmo', 'g1', '--replicas=4']);
    await get().ok([
      'patch',
      'gz',
      'g1',
      '--subresource=status',
      '--type=merge',
      '-p',
      '{"status":{"replicas":4}}',
    ]);
    expect(await get().get('gz', 'g1')).toMatchObject({
      spec: { size: 3, replicas: 4 },
      status: { replicas: 4 },
    });
    expect(await get().ok(['describe', 'gz', 'g1'])).toMatch(/^Spec:\n +Replicas: +4\n +Size: +3$/m);
  });

  it('refuses unknown fields and strategic merge patches', async () => {
    expect(await get().fails(['apply', '-f', '-'], { stdin: gizmo('g2', { size: 1, sise: 2 }) })).toContain(
      'unknown field "spec.sise"',
    );
    await get().ok(['apply', '-f', '-'], { stdin: gizmo('g3', { size: 1 }) });
    expect(await get().fails(['patch', 'gz', 'g3', '-p', '{"spec":{"size":2}}'])).toContain(
      'application/strategic-merge-patch+json is not supported',
    );
  });

  it('explains what its schema says', async () => {
    // A real server publishes new schemas after a while.
    await eventually(async () => {
      expect(await get().ok(['explain', 'gizmo.spec'])).toMatch(
        /size\t<integer> -required-\n +how big it is/,
      );
    }, 30_000);
  });
}
