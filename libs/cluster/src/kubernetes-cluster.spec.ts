import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inferencePoolKind, type Pod, podKind } from '@penstock/contracts';
import { ClusterError } from '@penstock/core/ports';
import { json, list, pod, type Script, ScriptedApiServer, status } from '../test/scripted-api-server.js';
import { type ClusterNotice, KubernetesCluster, type KubernetesClusterOptions } from './index.js';

let server: ScriptedApiServer;
let cluster: KubernetesCluster;
const notices: ClusterNotice[] = [];

afterEach(async () => {
  await cluster.close();
  await server.stop();
});

async function open(script: Script, options: Partial<KubernetesClusterOptions> = {}) {
  server = await new ScriptedApiServer(script).start();
  notices.length = 0;
  cluster = new KubernetesCluster({
    service: 'test',
    url: server.url,
    onNotice: (notice) => notices.push(notice),
    ...options,
  });
  return cluster;
}

const failure = async (work: Promise<unknown>): Promise<ClusterError> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ClusterError);
  return error as ClusterError;
};

describe('KubernetesCluster', () => {
  it.each([
    [400, 'BadRequest', 'invalid'],
    [401, 'Unauthorized', 'forbidden'],
    [403, 'Forbidden', 'forbidden'],
    [404, 'NotFound', 'not-found'],
    [409, 'Conflict', 'conflict'],
    [409, 'AlreadyExists', 'already-exists'],
    [410, 'Expired', 'gone'],
    [422, 'Invalid', 'invalid'],
    [429, 'TooManyRequests', 'throttled'],
    [500, 'InternalError', 'unavailable'],
    [503, 'ServiceUnavailable', 'unavailable'],
  ])('maps %i %s to %s and says what was asked', async (code, reason, expected) => {
    await open((_request, response) => status(response, code, reason, { 'retry-after': '7' }));
    const error = await failure(cluster.create(podKind, { kind: 'Pod', apiVersion: 'v1', ...pod('a', '1') }));
    expect([error.reason, error.status, error.retryAfterMs]).toEqual([expected, code, 7000]);
    expect(error.message).toContain('POST /api/v1/namespaces/default/pods');
    expect(error.message).toContain(`${reason} here`);
  });

  it('understands Retry-After as a date and in the Status', async () => {
    const date = new Date(Date.now() + 5000).toUTCString();
    await open((request, response) =>
      request.path.endsWith('/date')
        ? status(response, 503, 'ServiceUnavailable', { 'retry-after': date })
        : json(response, 429, { kind: 'Status', message: 'slow', details: { retryAfterSeconds: 3 } }),
    );
    const byDate = (await failure(cluster.get(podKind, 'default', 'date'))).retryAfterMs ?? 0;
    expect(byDate).toBeGreaterThan(3000);
    expect(byDate).toBeLessThanOrEqual(5000);
    expect((await failure(cluster.get(podKind, 'default', 'body'))).retryAfterMs).toBe(3000);
  });

  it('reports an API that does not answer, with its cause', async () => {
    await open((_request, response) => void response.socket?.destroy());
    const reset = await failure(cluster.probe());
    expect([reset.reason, reset.status]).toEqual(['unavailable', 0]);
    await server.stop();
    expect((await failure(cluster.probe())).message).toMatch(/GET \/version got no answer.*ECONNREFUSED/);
    expect(notices.map((notice) => notice.kind)).toEqual(['request-failed', 'request-failed']);
    await server.start();
  });

  it('gives up a request after its time and counts it', async () => {
    await open(() => undefined, { requestTimeoutMs: 150 });
    const startedMs = performance.now();
    expect((await failure(cluster.probe())).reason).toBe('unavailable');
    expect(performance.now() - startedMs).toBeLessThan(2000);
    expect(notices).toEqual([expect.objectContaining({ kind: 'request-failed', status: 0 })]);
  });

  it('survives an answer that is not JSON', async () => {
    await open((_request, response) => void response.writeHead(200).end('<html>proxy</html>'));
    expect((await failure(cluster.get(podKind, 'default', 'a'))).reason).toBe('unavailable');
  });

  it('applies with its own field manager, to the object or its status, forced or not', async () => {
    await open((request, response) => json(response, 200, request.body));
    const pool = { metadata: { namespace: 'ns', name: 'p' }, spec: {} } as never;
    expect(await cluster.apply(inferencePoolKind, pool)).toEqual({
      apiVersion: 'inference.networking.k8s.io/v1',
      kind: 'InferencePool',
      metadata: { namespace: 'ns', name: 'p' },
      spec: {},
    });
    await cluster.apply(inferencePoolKind, pool, { force: true, subresource: 'status' });
    const [plain, forced] = server.requests;
    const path = '/apis/inference.networking.k8s.io/v1/namespaces/ns/inferencepools/p';
    expect([plain?.method, plain?.path, plain?.contentType]).toEqual([
      'PATCH',
      path,
      'application/apply-patch+yaml',
    ]);
    expect(Object.fromEntries(plain?.query ?? [])).toEqual({ fieldManager: 'penstock-test' });
    expect(forced?.path).toBe(`${path}/status`);
    expect(Object.fromEntries(forced?.query ?? [])).toEqual({ fieldManager: 'penstock-test', force: 'true' });
  });

  it('sends merge patches', async () => {
    await open((request, response) => json(response, 200, request.body));
    await cluster.mergePatch(podKind, 'ns', 'a', { metadata: { labels: { x: null } } });
    expect(server.requests[0]).toMatchObject({
      method: 'PATCH',
      path: '/api/v1/namespaces/ns/pods/a',
      contentType: 'application/merge-patch+json',
      body: { metadata: { labels: { x: null } } },
    });
  });

  it('replaces only what was read', async () => {
    await open((request, response) => json(response, 200, request.body));
    const read = { metadata: { namespace: 'ns', name: 'a', resourceVersion: '7' } } as never;
    await cluster.update(podKind, read, { subresource: 'status' });
    expect(server.requests[0]).toMatchObject({ method: 'PUT', path: '/api/v1/namespaces/ns/pods/a/status' });
    const blind = { metadata: { namespace: 'ns', name: 'a' } } as never;
    expect(() => cluster.update(podKind, blind)).toThrow('needs the resourceVersion that was read');
  });

  it('deletes one life of a name, its dependents as asked', async () => {
    await open((_request, response) => json(response, 200, {}));
    await cluster.delete(podKind, 'ns', 'a', {
      uid: 'u1',
      propagation: 'Foreground',
      gracePeriodSeconds: 3,
    });
    expect(server.requests[0]?.body).toMatchObject({
      preconditions: { uid: 'u1' },
      propagationPolicy: 'Foreground',
      gracePeriodSeconds: 3,
    });
  });

  it('binds a pod by name and uid', async () => {
    await open((_request, response) => json(response, 201, { kind: 'Status' }));
    await cluster.bindPod({ namespace: 'ns', name: 'a', uid: 'u1' }, 'node-1');
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      path: '/api/v1/namespaces/ns/pods/a/binding',
      body: { kind: 'Binding', metadata: { name: 'a', uid: 'u1' }, target: { kind: 'Node', name: 'node-1' } },
    });
  });

  it('reads and writes the scale, on what was read when asked', async () => {
    await open((request, response) =>
      request.path.includes('/none/')
        ? status(response, 404, 'NotFound')
        : json(response, 200, {
            metadata: { resourceVersion: '8' },
            spec: { replicas: 3 },
            status: { replicas: 2, selector: 'a=b' },
          }),
    );
    const pools = inferencePoolKind as never;
    const scale = { replicas: 3, observedReplicas: 2, selector: 'a=b', resourceVersion: '8' };
    expect(await cluster.readScale(pools, 'ns', 'p')).toEqual(scale);
    expect(await cluster.readScale(pools, 'ns', 'none')).toBeUndefined();
    expect(await cluster.writeScale(pools, 'ns', 'p', 3, { resourceVersion: '7' })).toEqual(scale);
    expect(server.requests.at(-1)).toMatchObject({
      method: 'PATCH',
      path: '/apis/inference.networking.k8s.io/v1/namespaces/ns/inferencepools/p/scale',
      body: { metadata: { resourceVersion: '7' }, spec: { replicas: 3 } },
    });
  });

  it('selects by fields', async () => {
    await open((_request, response) => list(response, '1', []));
    await cluster.list(podKind, { fieldSelector: 'spec.nodeName=n1' });
    expect(server.requests[0]?.query.get('fieldSelector')).toBe('spec.nodeName=n1');
  });

  it('reads absence as undefined, and says when there is nothing to delete, without an alarm', async () => {
    await open((_request, response) => status(response, 404, 'NotFound'));
    expect(await cluster.get(podKind, 'ns', 'a')).toBeUndefined();
    expect((await failure(cluster.delete(podKind, 'ns', 'a'))).reason).toBe('not-found');
    expect(notices).toEqual([]);
  });

  it('collects every page of a list and completes kind and version', async () => {
    await open((request, response) => {
      const page = Number(request.query.get('continue') ?? '0');
      json(response, 200, {
        metadata: { resourceVersion: '9', continue: page < 2 ? String(page + 1) : '' },
        items: [pod(`p${page}`, '1')],
      });
    });
    const pods = await cluster.list<Pod>(podKind, { namespace: 'ns', labelSelector: 'a=b' });
    expect(pods.map((object) => [object.kind, object.apiVersion, object.metadata.name])).toEqual(
      ['p0', 'p1', 'p2'].map((name) => ['Pod', 'v1', name]),
    );
    expect(server.requests.every((request) => request.query.get('labelSelector') === 'a=b')).toBe(true);
  });

  it('refuses to name a namespaced object without its namespace', async () => {
    await open(() => undefined);
    await expect(cluster.get(podKind, undefined, 'a')).rejects.toThrow('Pod a needs a namespace');
    expect(server.requests).toEqual([]);
  });

  it('reuses its connection', async () => {
    await open((_request, response) => list(response, '1', []));
    for (let i = 0; i < 20; i++) await cluster.list(podKind, {});
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  describe('with a kubeconfig', () => {
    let folder: string;
    let path: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'penstock-kubeconfig-'));
      path = join(folder, 'config');
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    const write = (token: string) =>
      writeFileSync(
        path,
        JSON.stringify({
          'current-context': 'here',
          clusters: [{ name: 'c', cluster: { server: server.url } }],
          users: [{ name: 'u', user: { token } }],
          contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
        }),
      );

    it('authenticates, and reads the credentials again when they are refused', async () => {
      let valid = 'first';
      await open(
        (_request, response) =>
          response.req.headers.authorization === `Bearer ${valid}`
            ? json(response, 200, {})
            : status(response, 401, 'Unauthorized'),
        { url: undefined, kubeconfig: path },
      );
      write('first');
      await cluster.probe();
      valid = 'second';
      write('second');
      await cluster.probe();
      expect(server.requests).toHaveLength(3);
      // Still refused with what was just read: the file is not read again for every request.
      valid = 'third';
      write('third');
      expect((await failure(cluster.probe())).reason).toBe('forbidden');
      expect(server.requests).toHaveLength(4);
      await sleep(1100);
      await cluster.probe();
    });

    it('says what is wrong with a context or a file', async () => {
      await open(() => undefined);
      write('x');
      const wrong = new KubernetesCluster({ service: 'test', kubeconfig: path, context: 'elsewhere' });
      const message = (await failure(wrong.probe())).message;
      expect(message).toContain('no usable context "elsewhere": choose one of here');
      const missing = new KubernetesCluster({ service: 'test', kubeconfig: `${path}-not` });
      expect((await failure(missing.probe())).message).toContain('ENOENT');
    });
  });
});
