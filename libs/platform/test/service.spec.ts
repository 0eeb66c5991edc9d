import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { credentials, loadPackageDefinition, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { protoPath as healthProto } from 'grpc-health-check';
import { from, type Observable } from 'rxjs';
import { z } from 'zod';
import { fatalMessage } from '../src/errors/fatal-message.js';
import {
  createGrpcClient,
  defineConfig,
  HEALTH,
  type HealthChecks,
  loadConfig,
  parseRequest,
  portNumber,
  type RunningService,
  runService,
  ServiceError,
} from '../src/index.js';

const config = defineConfig('demo', 'A demo.', {
  httpPort: portNumber(0, 'HTTP'),
  grpcPort: portNumber(0, 'gRPC'),
  metricsPort: portNumber(0, 'metrics'),
});

@Controller()
class DemoApi {
  @Get('/hello')
  hello(): { hello: string } {
    return { hello: 'world' };
  }

  @GrpcMethod('KvIndexService', 'Lookup')
  async lookup(request: unknown): Promise<object> {
    const { pool } = parseRequest(z.object({ pool: z.string().min(1) }), request);
    if (pool === 'gone')
      throw new ServiceError('not-found', 'there is no such pool', 'pool', 'list pools first');
    if (pool === 'broken') throw new Error('a secret detail');
    return {
      blocks: [{ key: Buffer.alloc(8, 1), holders: [{ engineId: 'ns/p', tier: 'TIER_GPU' }] }],
      blockSize: 16,
    };
  }

  @GrpcMethod('KvIndexService', 'ListEngineBlocks')
  listEngineBlocks(): Observable<object> {
    return from([{ incarnation: '18446744073709551615' }, { incarnation: '2' }]);
  }
}

let bootstraps = 0;

@Module({ controllers: [DemoApi] })
class DemoModule {
  onApplicationBootstrap(): void {
    bootstraps++;
  }
}

type KvIndex = {
  lookup: { request: { pool?: string }; response: { blockSize: number; blocks: unknown[] } };
  listEngineBlocks: { request: object; response: { incarnation: string; tier: string } };
};

describe('a service on the platform', () => {
  const running: Array<{ stop(): Promise<unknown> }> = [];
  const start = async (argv: string[] = [], http = true): Promise<RunningService> => {
    const service = await runService(
      {
        config,
        module: DemoModule,
        grpc: { services: ['kvindex'] },
        ...(http ? { http: { reusePort: true } } : {}),
      },
      loadConfig(config, ['--log-level=silent', ...argv], {}),
    );
    running.push(service);
    return service;
  };
  const client = (service: RunningService) => {
    const made = createGrpcClient<KvIndex>({
      proto: 'kvindex',
      service: 'KvIndexService',
      address: `127.0.0.1:${service.listeners.grpc}`,
    });
    running.push({ stop: async () => made.close() });
    return made;
  };
  afterEach(async () => {
    for (const each of running.splice(0).reverse()) await each.stop();
  });

  it('answers HTTP, gRPC, metrics and health on the ports it reports', async () => {
    bootstraps = 0;
    const service = await start();
    expect(bootstraps).toBe(1);
    const url = (port: number | undefined, path: string) => `http://127.0.0.1:${port}${path}`;
    expect(await (await fetch(url(service.listeners.http, '/hello'))).json()).toEqual({ hello: 'world' });
    const metrics = await (await fetch(url(service.listeners.metrics, '/metrics'))).text();
    expect(metrics).toContain('penstock_build_info{service="demo"');
    expect(await (await fetch(url(service.listeners.metrics, '/readyz'))).json()).toMatchObject({
      status: 'ok',
    });
    const kv = client(service);
    expect(await kv.call('lookup', { pool: 'p' })).toMatchObject({ blockSize: 16 });
    const blocks = [];
    for await (const block of kv.stream('listEngineBlocks', {})) blocks.push(block.incarnation);
    expect(blocks).toEqual(['18446744073709551615', '2']);
  });

  it.each([
    ['', status.INVALID_ARGUMENT, 'pool: Too small'],
    ['gone', status.NOT_FOUND, 'pool: there is no such pool; list pools first'],
    ['broken', status.INTERNAL, 'internal error'],
  ])('maps errors of gRPC calls (%j)', async (pool, code, details) => {
    for (const http of [false, true]) {
      const kv = client(await start([], http));
      const error = await kv.call('lookup', { pool }).catch((e: unknown) => e);
      expect(error).toMatchObject({ code });
      expect((error as { details: string }).details).toContain(details);
      expect((error as { details: string }).details).not.toContain('secret');
    }
  });

  it('has gRPC health that follows readiness', async () => {
    const service = await start();
    service.get<HealthChecks>(HEALTH).register({
      name: 'db',
      required: true,
      check: () => {
        throw new Error('down');
      },
    });
    const health = loadPackageDefinition(loadSync(healthProto)) as never as {
      grpc: {
        health: {
          v1: {
            Health: new (
              a: string,
              c: unknown,
            ) => { check(r: object, cb: (e: unknown, r: { status: string }) => void): void; close(): void };
          };
        };
      };
    };
    const probe = new health.grpc.health.v1.Health(
      `127.0.0.1:${service.listeners.grpc}`,
      credentials.createInsecure(),
    );
    running.push({ stop: async () => probe.close() });
    const ask = (name: string) =>
      new Promise((resolve, reject) =>
        probe.check({ service: name }, (e, r) => (e ? reject(e) : resolve(r.status))),
      );
    expect(await ask('penstock.kvindex.v1.KvIndexService')).toBe(1);
    const ready = await fetch(`http://127.0.0.1:${service.listeners.metrics}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      status: 'not-ready',
      checks: [{ name: 'db', detail: 'down' }],
    });
  });

  it('shares its HTTP port when asked to, and says which flag to change when a port is taken', async () => {
    const first = await start();
    const second = await start([`--http-port=${first.listeners.http}`]);
    expect(second.listeners.http).toBe(first.listeners.http);
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    running.push({ stop: () => new Promise((resolve) => taken.close(resolve)) });
    const { port } = taken.address() as AddressInfo;
    for (const flag of ['--grpc-port', '--metrics-port', '--http-port']) {
      const error = await start([`${flag}=${port}`]).catch((e: unknown) => e);
      expect(fatalMessage('demo', error)).toMatch(
        new RegExp(`demo: port ${port} is taken; choose another with ${flag} or PENSTOCK_`),
      );
    }
  });

  it('shares its gRPC port when asked to', async () => {
    const share = async (argv: string[]) => {
      const service = await runService(
        { config, module: DemoModule, grpc: { services: ['kvindex'], reusePort: true } },
        loadConfig(config, ['--log-level=silent', ...argv], {}),
      );
      running.push(service);
      return service;
    };
    const first = await share([]);
    const second = await share([`--grpc-port=${first.listeners.grpc}`]);
    expect(second.listeners.grpc).toBe(first.listeners.grpc);
    expect(await client(second).call('lookup', { pool: 'p' })).toMatchObject({ blockSize: 16 });
    await second.stop();
    expect(await client(first).call('lookup', { pool: 'p' })).toMatchObject({ blockSize: 16 });
  });

  it('does not wait for a connection that never carried a request', async () => {
    const service = await start();
    const socket = connect(service.listeners.http ?? 0, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const startedMs = performance.now();
    expect(await service.stop()).toBe(true);
    expect(performance.now() - startedMs).toBeLessThan(2000);
    await closed;
  });

  it('is not ready while it drains', async () => {
    const service = await start();
    expect(await service.stop()).toBe(true);
    await expect(fetch(`http://127.0.0.1:${service.listeners.metrics}/readyz`)).rejects.toThrow();
  });
});
