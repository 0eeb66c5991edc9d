import { describe, expect, it } from '@jest/globals';
import { type Pod, podKind } from '@penstock/contracts';
import type { ResourceKind } from '@penstock/core/ports';
import { FakeCluster } from '@penstock/testing';
import { fixedNodes, PodNodes } from './find-nodes.js';

const LABELS = { 'app.kubernetes.io/name': 'kv-node' };
const OPTIONS = { labelSelector: 'app.kubernetes.io/name=kv-node', port: 9106 };

interface Shape {
  readonly ip?: string;
  readonly phase?: string;
  readonly labels?: Record<string, string>;
  readonly ports?: Array<{ name?: string; containerPort: number }>;
}

function pod(name: string, nodeName: string | undefined, shape: Shape = {}): Pod {
  const { ip, phase = 'Running', labels = LABELS, ports = [] } = shape;
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { name, namespace: 'ns', labels },
    spec: { containers: [{ name: 'main', ports }], ...(nodeName && { nodeName }) },
    status: { phase, ...(ip && { podIP: ip }) },
  };
}

async function nodesOf(...pods: Pod[]): Promise<Record<string, string>> {
  let nowMs = 0;
  const cluster = new FakeCluster(() => nowMs);
  for (const each of pods) {
    nowMs += 1000;
    await cluster.create(podKind, each);
    const { status } = each;
    const { name } = each.metadata;
    await cluster.mergePatch(podKind as ResourceKind, 'ns', name, { status }, { subresource: 'status' });
  }
  const found = new PodNodes(cluster, OPTIONS);
  await new Promise((resolve) => setImmediate(resolve));
  const nodes = Object.fromEntries(found.current() ?? []);
  await found.stop();
  return nodes;
}

describe('where kv-nodes are', () => {
  it('is read from pods: node, address, and the port that is called grpc', async () => {
    const nodes = await nodesOf(
      pod('a', 'node-a', { ip: '10.0.0.1' }),
      pod('b', 'node-b', { ip: '10.0.0.2', ports: [{ name: 'metrics', containerPort: 1 }] }),
      pod('c', 'node-c', { ip: 'fd00::1', ports: [{ name: 'grpc', containerPort: 7000 }] }),
      pod('other', 'node-d', { ip: '10.0.0.4', labels: {} }),
    );
    expect(nodes).toEqual({
      'node-a': '10.0.0.1:9106',
      'node-b': '10.0.0.2:9106',
      'node-c': '[fd00::1]:7000',
    });
  });

  it('does not count pods without a node or an address, nor those that ended', async () => {
    const nodes = await nodesOf(
      pod('a', undefined, { ip: '10.0.0.1' }),
      pod('b', 'node-b'),
      pod('c', 'node-c', { ip: 'not an address' }),
      pod('d', 'node-d', { ip: '10.0.0.4', phase: 'Failed' }),
    );
    expect(nodes).toEqual({});
  });

  it('is, of several pods on a node, the youngest', async () => {
    const [old, young] = [pod('z', 'node-a', { ip: '10.0.0.1' }), pod('a', 'node-a', { ip: '10.0.0.2' })];
    expect(await nodesOf(old, young)).toEqual({ 'node-a': '10.0.0.2:9106' });
  });

  it('can be configured instead', () => {
    const nodes = fixedNodes('a=127.0.0.1:1,b=127.0.0.2:2').current();
    expect(Object.fromEntries(nodes ?? [])).toEqual({ a: '127.0.0.1:1', b: '127.0.0.2:2' });
  });
});
