import { afterEach, describe, expect, it } from '@jest/globals';
import { leaseKind } from '@penstock/contracts';
import { ClusterError } from '@penstock/core/ports';
import { createLogger } from '@penstock/platform';
import { FakeCluster, until } from '@penstock/testing';
import { RegisteredInstances } from './registered-instances.js';
import { RegistrationSharing } from './share-registrations.js';

const logger = createLogger({ service: 'kv-index', instance: 'test', level: 'silent' });
const registration = (instanceId: string, more: object = {}) => ({
  tenantId: 'default',
  instanceId,
  dpRank: 0,
  model: 'm',
  blockSize: 16,
  endpoint: 'tcp://10.0.0.9:5557',
  replayEndpoint: '',
  type: 'vLLM',
  ...more,
});

describe('RegistrationSharing', () => {
  const sharings: RegistrationSharing[] = [];
  afterEach(async () => {
    await Promise.all(sharings.splice(0).map((sharing) => sharing.stop()));
  });

  function replica(cluster: FakeCluster) {
    const registry = new RegisteredInstances();
    const sharing = new RegistrationSharing({ cluster, namespace: 'ns', registry, logger, retryMs: 10 });
    sharings.push(sharing);
    const names = () =>
      registry
        .registrations()
        .map(({ instanceId, dpRank }) => `${instanceId}#${dpRank}`)
        .sort();
    return { registry, sharing, names };
  }

  it('brings what is registered at one replica to the others, and to those that start later', async () => {
    const cluster = new FakeCluster();
    const [one, two] = [replica(cluster), replica(cluster)];
    one.registry.register(registration('a'));
    two.registry.register(registration('b', { dpRank: 1 }));
    await until(() => [one, two].every(({ names }) => names().join() === 'a#0,b#1'));
    const late = replica(cluster);
    await until(() => late.names().join() === 'a#0,b#1');
    expect(late.registry.registrations()).toContainEqual(registration('b', { dpRank: 1 }));
    two.registry.unregister({ instanceId: 'a' });
    await until(() => [one, two, late].every(({ names }) => names().join() === 'b#1'));
    expect(await cluster.list(leaseKind, { namespace: 'ns' })).toHaveLength(1);
  });

  it('goes on without the API, and writes down later what was registered meanwhile', async () => {
    const cluster = new FakeCluster();
    const [one, two] = [replica(cluster), replica(cluster)];
    one.registry.register(registration('a'));
    await until(() => two.names().join() === 'a#0');
    cluster.disconnect();
    one.registry.unregister({ instanceId: 'a' });
    one.registry.register(registration('c'));
    expect(one.names()).toEqual(['c#0']);
    await until(() => one.sharing.unwritten === 2);
    cluster.reconnect();
    await until(() => one.sharing.unwritten === 0 && two.names().join() === 'c#0');
    expect(one.names()).toEqual(['c#0']);
  });

  it('keeps in mind no more than is registered while it has no rights to Leases', async () => {
    const forbidden = () => Promise.reject(new ClusterError('forbidden', 'no rights', 403));
    const cluster = new FakeCluster();
    const one = replica(Object.assign(cluster, { apply: forbidden, delete: forbidden }));
    for (let i = 0; i < 50; i++) {
      one.registry.register(registration(`i${i}`));
      one.registry.unregister({ instanceId: `i${i}` });
    }
    one.registry.register(registration('stays'));
    await until(() => one.sharing.unwritten === 1);
    expect(one.names()).toEqual(['stays#0']);
  });

  it('leaves out a Lease that says nothing usable', async () => {
    const cluster = new FakeCluster();
    const labels = { 'penstock.dev/kv-index-registration': 'true' };
    for (const [name, text] of [
      ['x', 'nothing'],
      ['y', '{"instanceId":""}'],
      ['z', JSON.stringify(registration('z', { tenantId: '\ud800' }))],
      ['p', JSON.stringify(registration('p', { endpoint: 'somewhere' }))],
    ] as const) {
      const annotations = { 'penstock.dev/registration': text };
      const metadata = { name, namespace: 'ns', labels, annotations };
      await cluster.create(leaseKind, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata,
      } as never);
    }
    const one = replica(cluster);
    one.registry.register(registration('a'));
    await until(() => one.sharing.unwritten === 0);
    expect(one.names()).toEqual(['a#0']);
  });
});
