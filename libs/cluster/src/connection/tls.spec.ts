import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TEST_CERTIFICATE, TEST_KEY } from '../../test/tls-certificate.js';
import { KubernetesCluster } from '../index.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('KubernetesCluster over TLS', () => {
  let server: Server;
  let folder: string;
  let connections = 0;
  let seen: { clientTrusted: boolean; authorization?: string };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'penstock-tls-'));
    server = createServer(
      {
        cert: TEST_CERTIFICATE,
        key: TEST_KEY,
        ca: TEST_CERTIFICATE,
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => {
        const { authorization } = request.headers;
        seen = { clientTrusted: (request.socket as TLSSocket).authorized, authorization };
        response.end('{}');
      },
    );
    server.on('secureConnection', () => connections++);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  const connect = (cluster: object, user: object) => {
    const kubeconfig = join(folder, `${connections}.json`);
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const config = {
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server: url, ...cluster } }],
      users: [{ name: 'u', user }],
    };
    writeFileSync(kubeconfig, JSON.stringify(config));
    return new KubernetesCluster({ service: 'test', kubeconfig });
  };

  it('trusts the CA of the kubeconfig, shows the client certificate, and keeps its connection', async () => {
    const cluster = connect(
      { 'certificate-authority-data': base64(TEST_CERTIFICATE) },
      { 'client-certificate-data': base64(TEST_CERTIFICATE), 'client-key-data': base64(TEST_KEY) },
    );
    const before = connections;
    for (let i = 0; i < 5; i++) await cluster.probe();
    expect(seen).toEqual({ clientTrusted: true, authorization: undefined });
    expect(connections - before).toBe(1);
    await cluster.close();
  });

  it('refuses a server that the kubeconfig does not vouch for', async () => {
    const cluster = connect({}, { token: 'x' });
    await expect(cluster.probe()).rejects.toThrow(/self-signed certificate/);
    await cluster.close();
  });

  it('accepts it when the kubeconfig says so, with user and password', async () => {
    const cluster = connect({ 'insecure-skip-tls-verify': true }, { username: 'me', password: 'pw' });
    await cluster.probe();
    expect(seen).toEqual({ clientTrusted: false, authorization: `Basic ${base64('me:pw')}` });
    await cluster.close();
  });
});
