import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KubernetesCluster } from '@penstock/cluster';
import { CUSTOM_RESOURCES, customResourceDefinition } from '@penstock/contracts';
import { type Cluster, ClusterError, type ClusterObject, type ResourceKind } from '@penstock/core/ports';
import { startTestCluster, type TestCluster } from '@penstock/testing';
import { checkCluster } from '../src/doctor/checks/check-cluster.js';
import { missingRights } from '../src/doctor/missing-rights.js';
import { runChecks } from '../src/doctor/run-checks.js';
import { applyAll } from '../src/suite/manifest.js';

const look = (...checks: Parameters<typeof runChecks>[0]) => runChecks(checks, 20_000);

describe('cluster', () => {
  let api: TestCluster;
  let cluster: KubernetesCluster;
  beforeAll(async () => {
    api = await startTestCluster();
    cluster = new KubernetesCluster({ kubeconfig: api.kubeconfigPath, service: 'doctor' });
  }, 120_000);
  afterAll(async () => {
    await cluster?.close();
    await api?.stop();
  });

  it('without definitions fails and says how to install them; with them it passes', async () => {
    const without = await look(checkCluster(cluster));
    expect(without).toMatchObject([
      { name: 'version', status: 'ok', detail: expect.stringContaining('Kubernetes v1.') },
      { name: 'rights', status: 'ok' },
      {
        name: 'definitions',
        status: 'fail',
        detail: expect.stringContaining('podcliquesets.grove.io is not installed'),
        fix: 'kubectl apply --server-side -f deploy/crds',
      },
    ]);
    const definitions = CUSTOM_RESOURCES.map(
      (entry) => customResourceDefinition(entry) as unknown as ClusterObject,
    );
    await applyAll(cluster, definitions);
    expect(await look(checkCluster(cluster))).toMatchObject([{}, {}, { name: 'definitions', status: 'ok' }]);
    await applyAll(cluster, [served('podgangs.scheduler.grove.io', definitions)]);
    expect(await look(checkCluster(cluster))).toMatchObject([
      {},
      {},
      { status: 'fail', detail: 'podgangs.scheduler.grove.io does not serve v1alpha1' },
    ]);
  });

  it.each([
    [{ kubeconfig: '/nowhere/kubeconfig' }, /credentials .* cannot be read/],
    [{ url: 'http://127.0.0.1:1' }, /ECONNREFUSED/],
  ])(
    'at %j fails in one sentence',
    async (address, why) => {
      const away = new KubernetesCluster({ ...address, service: 'doctor' });
      try {
        expect(await look(checkCluster(away))).toMatchObject([
          {
            area: 'cluster',
            status: 'fail',
            detail: expect.stringMatching(why),
            fix: 'check --kubeconfig and --context',
          },
        ]);
      } finally {
        await away.close();
      }
    },
    30_000,
  );

  it('judges definitions by what can be listed when its user may not read them', async () => {
    const refused = (reason: 'forbidden' | 'not-found') => new ClusterError(reason, reason, 403);
    const strict = {
      version: async () => 'v1.36.0',
      create: async (_: unknown, review: ClusterObject) => ({ ...review, status: { allowed: true } }),
      get: () => Promise.reject(refused('forbidden')),
      list: async ({ plural }: ResourceKind) => {
        if (plural === 'podgangs') throw refused('not-found');
        if (plural === 'podcliques') throw refused('forbidden');
        return [];
      },
    } as unknown as KubernetesCluster;
    expect(await look(checkCluster(strict))).toMatchObject([
      { status: 'ok' },
      { status: 'ok' },
      {
        name: 'definitions',
        status: 'fail',
        detail: 'scheduler.grove.io/v1alpha1 podgangs.scheduler.grove.io is not served',
      },
    ]);
  });

  it('names what its user may not do', async () => {
    const strict = {
      create: async (_: unknown, review: { spec: { resourceAttributes: { resource: string } } }) => ({
        ...review,
        status: { allowed: review.spec.resourceAttributes.resource !== 'nodes' },
      }),
    } as unknown as Cluster;
    expect(await missingRights(strict)).toEqual(['list nodes', 'watch nodes']);
  });
});

/** The same definition, with its version no longer served beside one that is. */
function served(name: string, definitions: readonly ClusterObject[]): ClusterObject {
  const found = structuredClone(
    definitions.find(({ metadata }) => metadata.name === name),
  ) as ClusterObject & {
    spec: { versions: Array<{ name: string; served: boolean; storage: boolean }> };
  };
  const [version] = found.spec.versions;
  if (!version) throw new Error(`${name} has no version`);
  found.spec.versions = [
    { ...version, served: false },
    { ...version, name: 'v9', storage: false },
  ];
  return found;
}
