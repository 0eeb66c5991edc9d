import { afterEach, describe, expect, it } from '@jest/globals';
import { json, type Script, ScriptedApiServer, status } from '../../test/scripted-api-server.js';
import { KubernetesCluster } from '../kubernetes-cluster.js';

let server: ScriptedApiServer;
afterEach(() => server.stop());

async function open(script: Script) {
  server = await new ScriptedApiServer(script).start();
  return new KubernetesCluster({ service: 'test', url: server.url });
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
});
