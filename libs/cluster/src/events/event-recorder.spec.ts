import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { json, type Script, ScriptedApiServer, status } from '../../test/scripted-api-server.js';
import { KubernetesCluster } from '../kubernetes-cluster.js';
import type { ClusterNotice } from '../notices.js';

let server: ScriptedApiServer;
afterEach(() => server.stop());

const notices: ClusterNotice[] = [];
beforeEach(() => void notices.splice(0));

async function open(script: Script, requestTimeoutMs = 10_000) {
  server = await new ScriptedApiServer(script).start();
  const onNotice = (notice: ClusterNotice) => void notices.push(notice);
  return new KubernetesCluster({ service: 'test', url: server.url, requestTimeoutMs, onNotice });
}

const regarding = {
  apiVersion: 'scheduler.grove.io/v1alpha1',
  kind: 'PodGang',
  metadata: { name: 'g', namespace: 'ns', uid: 'u1' },
};
const waiting = { regarding, type: 'Warning', reason: 'FailedScheduling', message: 'no room' } as const;

describe('events', () => {
  it('are written once, and counted when they repeat', async () => {
    const cluster = await open((request, response) => json(response, 201, request.body));
    cluster.recordEvent(waiting);
    cluster.recordEvent(waiting);
    cluster.recordEvent({ ...waiting, message: 'still no room' });
    await cluster.close();
    expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'POST']);
    expect(server.requests[0]).toMatchObject({
      path: '/api/v1/namespaces/ns/events',
      body: {
        involvedObject: { kind: 'PodGang', name: 'g', namespace: 'ns', uid: 'u1' },
        type: 'Warning',
        reason: 'FailedScheduling',
        message: 'no room',
        count: 1,
        reportingComponent: 'penstock-test',
      },
    });
  });

  it('never fail their author, and those about cluster objects go to the default namespace', async () => {
    const cluster = await open((_request, response) => status(response, 403, 'Forbidden'));
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } };
    cluster.recordEvent({ regarding: node, type: 'Normal', reason: 'Seen', message: 'x'.repeat(5000) });
    await cluster.close();
    expect(server.requests[0]?.path).toBe('/api/v1/namespaces/default/events');
    expect(server.requests[0]?.body).toMatchObject({ message: 'x'.repeat(1024) });
  });

  it('say how many were dropped because too many waited', async () => {
    const cluster = await open((request, response) => json(response, 201, request.body));
    for (let i = 0; i < 1_101; i++) cluster.recordEvent({ ...waiting, message: `no room for ${i}` });
    await cluster.close();
    // One is on its way, a thousand wait.
    expect(server.requests).toHaveLength(1_001);
    expect(notices).toEqual([{ kind: 'events-dropped', count: 100 }]);
  });

  it('do not hold up the end while the API is silent', async () => {
    const cluster = await open(() => undefined, 300);
    for (let i = 0; i < 50; i++) cluster.recordEvent({ ...waiting, message: `no room for ${i}` });
    const startMs = performance.now();
    await cluster.close();
    expect(performance.now() - startMs).toBeLessThan(5_000);
    expect(notices.map(({ kind }) => kind)).toEqual(['request-failed', 'events-dropped']);
    expect(notices.at(-1)).toEqual({ kind: 'events-dropped', count: 49 });
  });
});
