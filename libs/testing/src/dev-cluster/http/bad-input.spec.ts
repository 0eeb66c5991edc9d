import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type DevCluster, startDevCluster } from '../start-dev-cluster.js';

describe('bad input', () => {
  let server: DevCluster;
  beforeAll(async () => {
    server = await startDevCluster({ nodes: 0 });
  });
  afterAll(() => server?.stop());

  const send = async (method: string, path: string, body?: string, headers: Record<string, string> = {}) => {
    const init = { method, headers: { 'content-type': 'application/json', ...headers } };
    const answer = await fetch(server.url + path, body === undefined ? init : { ...init, body });
    return {
      status: answer.status,
      body: (await answer.json()) as { kind: string; code: number; message: string },
    };
  };
  const configMaps = '/api/v1/namespaces/default/configmaps';
  const pods = '/api/v1/namespaces/default/pods';

  it.each([
    ['GET', '/nothing', undefined, 404],
    ['GET', '/apis/nothing', undefined, 404],
    ['GET', '/api/v1/namespaces/default/nodes', undefined, 404],
    ['GET', '/api/v1/pods/x', undefined, 404],
    ['GET', `${configMaps}/x/status`, undefined, 404],
    ['GET', `${configMaps}?watch=true&resourceVersion=x`, undefined, 400],
    ['GET', `${configMaps}?limit=-1`, undefined, 400],
    ['GET', `${configMaps}?continue=%25`, undefined, 400],
    ['GET', '/api/v1/namespaces/%zz', undefined, 404],
    ['POST', '/version', '{}', 405],
    ['PUT', configMaps, '{}', 405],
    ['POST', '/api/v1/configmaps', '{}', 405],
    ['POST', configMaps, undefined, 400],
    ['POST', configMaps, '[]', 400],
    ['POST', configMaps, '{"metadata":{"name":5}}', 400],
    ['POST', configMaps, '{"metadata":{"name":"x","labels":{"a":1}}}', 400],
    ['POST', configMaps, '{"metadata":{"name":"x","labels":{"a":"not valid!"}}}', 422],
    ['POST', configMaps, '{"metadata":{"name":"x","ownerReferences":[{}]}}', 422],
    ['POST', configMaps, '{"metadata":{}}', 422],
    ['GET', `${pods}/nobody/log?timestamps=true`, undefined, 400],
    [
      'POST',
      pods,
      '{"metadata":{"name":"x"},"spec":{"containers":[{"name":"a","image":"i","args":[1]}]}}',
      400,
    ],
    ['POST', `${configMaps}?dryRun=Some`, '{"metadata":{"name":"x"}}', 422],
    ['DELETE', `${configMaps}/kube-root?propagationPolicy=Sideways`, undefined, 404],
  ] as [string, string, string | undefined, number][])(
    '%s %s %s → %i',
    async (method, path, body, status) => {
      const answer = await send(method, path, body);
      expect(answer.status).toBe(status);
      if (status !== 200) expect(answer.body).toMatchObject({ kind: 'Status', code: status });
    },
  );

  it.each([
    ['a container name that is a path', { name: '../../x', image: 'i' }, 'spec.containers[0].name'],
    ['a container without an image', { name: 'a' }, 'spec.containers[0].image'],
    [
      'a port beyond the range',
      { name: 'a', image: 'i', ports: [{ containerPort: 70000 }] },
      'spec.containers[0].ports[0].containerPort',
    ],
    [
      'a probe with a negative pause',
      { name: 'a', image: 'i', livenessProbe: { periodSeconds: -1 } },
      'spec.containers[0].livenessProbe.periodSeconds',
    ],
  ])('refuses %s', async (_what, container, field) => {
    const pod = { metadata: { name: 'bad' }, spec: { containers: [container] } };
    const answer = await send('POST', '/api/v1/namespaces/default/pods', JSON.stringify(pod));
    expect(answer).toMatchObject({ status: 422, body: { details: { causes: [{ field }] } } });
  });

  it('refuses what is nested too deep', async () => {
    const deep = `{"metadata":{"name":"deep"},"data":${'['.repeat(5000)}${']'.repeat(5000)}}`;
    expect(await send('POST', configMaps, deep)).toMatchObject({ status: 400 });
  });

  it('refuses web pages, clients that take no JSON, and protobuf that is none', async () => {
    expect((await send('GET', configMaps, undefined, { origin: 'http://evil.example' })).status).toBe(400);
    expect((await send('GET', configMaps, undefined, { accept: 'text/html' })).status).toBe(406);
    expect(
      (await send('POST', configMaps, 'k8s', { 'content-type': 'application/vnd.kubernetes.protobuf' }))
        .status,
    ).toBe(400);
  });

  it('answers every JSON body with an object or a Status, and never with 500', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.json({ maxDepth: 4 }),
        fc.constantFrom('POST', 'PUT', 'PATCH'),
        async (body, method) => {
          const path = method === 'POST' ? configMaps : `${configMaps}/some`;
          const answer = await send(method, path, body, {
            'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
          });
          expect(answer.status).toBeLessThan(500);
          expect(answer.body.kind).toMatch(/^(Status|ConfigMap)$/);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('survives a client that goes away in the middle of a body', async () => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.write(`POST ${configMaps} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"meta`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.destroy();
    expect((await send('GET', configMaps)).status).toBe(200);
  });
});
