import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KubernetesCluster } from '@penstock/cluster';
import { inferenceModelKind, inferencePoolKind } from '@penstock/contracts';
import { installDefinitions, startTestCluster, until } from '@penstock/testing';
import { DEFINITIONS } from './definitions.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** The built program as an operator starts it; `npm test` builds it first. */
describe('the scheduler process', () => {
  let folder: string;
  let kubeconfig: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'penstock-scheduler-'));
    kubeconfig = join(folder, 'kubeconfig');
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: 'http://127.0.0.1:9' } }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    };
    writeFileSync(kubeconfig, JSON.stringify(config));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const run = (args: string[], env: Record<string, string> = {}) => {
    const child = spawn(process.execPath, [main, ...args], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
    });
    const output = { out: '', err: '' };
    child.stdout.on('data', (text) => {
      output.out += text;
    });
    child.stderr.on('data', (text) => {
      output.err += text;
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
    return { child, output, ended };
  };
  const anyPorts = [
    '--http-port=0',
    '--grpc-port=0',
    '--metrics-port=0',
    '--nats-url=nats://user:hunter2@127.0.0.1:9',
  ];

  it('starts without NATS and Kubernetes, says what is missing, and stops on SIGTERM', async () => {
    const { child, output, ended } = run([...anyPorts, `--kubeconfig=${kubeconfig}`]);
    while (!output.out.includes('"msg":"ready"')) await new Promise((resolve) => setTimeout(resolve, 20));
    const ready = output.out.split('\n').find((line) => line.includes('"msg":"ready"')) ?? '';
    const { addresses } = JSON.parse(ready) as { addresses: { http: number; metrics: number } };
    const health = await fetch(`http://127.0.0.1:${addresses.metrics}/readyz`);
    expect(health.status).toBe(503);
    const report = await health.text();
    expect(report).toContain('"status":"not-ready"');
    expect((await fetch(`http://127.0.0.1:${addresses.metrics}/healthz`)).status).toBe(200);
    const answer = await fetch(`http://127.0.0.1:${addresses.http}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"model":"m","prompt":"canary-77aa"}',
    });
    expect(answer.status).toBe(503);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(output.err).toBe('');
    expect(output.out + report).not.toMatch(/canary-77aa|hunter2/);
  });

  it('answers the requests it holds when it is stopped', async () => {
    const api = await startTestCluster();
    const cluster = new KubernetesCluster({ service: 'test', kubeconfig: api.kubeconfigPath });
    try {
      await installDefinitions(cluster, DEFINITIONS, 30_000);
      const metadata = { namespace: 'default', name: 'asleep' };
      await cluster.create(inferencePoolKind, {
        apiVersion: 'inference.networking.k8s.io/v1',
        kind: 'InferencePool',
        metadata,
        spec: { selector: { matchLabels: { app: 'asleep' } }, targetPorts: [{ number: 8000 }] },
      });
      await cluster.create(inferenceModelKind, {
        apiVersion: 'inference.networking.x-k8s.io/v1alpha2',
        kind: 'InferenceModel',
        metadata,
        spec: { modelName: 'm', poolRef: { name: 'asleep' } },
      });
      const { child, output, ended } = run([
        ...anyPorts,
        `--kubeconfig=${api.kubeconfigPath}`,
        '--tokenize-timeout-ms=30000',
      ]);
      await until(() => output.out.includes('"msg":"ready"'), 30_000);
      const ready = output.out.split('\n').find((line) => line.includes('"msg":"ready"')) ?? '';
      const { addresses } = JSON.parse(ready) as { addresses: { http: number; metrics: number } };
      const asked = fetch(`http://127.0.0.1:${addresses.http}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        // Long enough for a thread.
        body: JSON.stringify({ model: 'm', prompt: 'the gate is open '.repeat(2000) }),
      });
      const metrics = async () => (await fetch(`http://127.0.0.1:${addresses.metrics}/metrics`)).text();
      await until(
        async () => (await metrics()).includes('waiting_requests{pool="default/asleep"} 1'),
        30_000,
      );
      expect(await metrics()).toContain('penstock_scheduler_tokenize_duration_seconds_count{by="thread"} 1');
      child.kill('SIGTERM');
      const answer = await asked;
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
      expect(await answer.json()).toMatchObject({ error: { code: 'shutting_down' } });
      expect(await ended).toBe(0);
    } finally {
      await cluster.close();
      await api.stop();
    }
  }, 90_000);

  it('lists every configuration problem and exits with 1', async () => {
    const { output, ended } = run(
      [
        '--http-prot=1',
        '--max-attempts=99',
        '--nats-url=redis:/x',
        '--waiting-room-requests=-1',
        '--waiting-room-timeout-ms=soon',
        `--lease-namespace=${'n'.repeat(64)}`,
      ],
      {
        PENSTOCK_GRPC_PORT: '70000',
      },
    );
    expect(await ended).toBe(1);
    for (const part of [
      'did you mean --http-port?',
      '--max-attempts: Too big',
      '--nats-url: must be',
      'PENSTOCK_GRPC_PORT: Too big',
      '--waiting-room-requests: Too small',
      '--waiting-room-timeout-ms: ',
      '--lease-namespace: Too big',
    ]) {
      expect(output.err).toContain(part);
    }
  });

  it('names the flag of a taken port', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const { output, ended } = run([...anyPorts, `--kubeconfig=${kubeconfig}`, `--metrics-port=${port}`]);
    expect(await ended).toBe(1);
    server.close();
    expect(output.err).toBe(
      `scheduler: port ${port} is taken; choose another with --metrics-port or PENSTOCK_METRICS_PORT\n`,
    );
  });

  it('prints its configuration with secrets hidden', async () => {
    const { output, ended } = run(['--print-config', ...anyPorts]);
    expect(await ended).toBe(0);
    expect(output.out).toContain('natsUrl: nats://***@127.0.0.1:9');
    expect(output.out).not.toContain('hunter2');
  });
});
