import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { connect } from 'nats';
import { guardProcess } from './guard-process.js';
import { freePort, type ManagedServer, startNats, startRedis } from './index.js';

const started: Array<{ stop(): Promise<void> }> = [];
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
});
const keep = async (server: Promise<ManagedServer>): Promise<ManagedServer> => {
  const ready = await server;
  started.push(ready);
  return ready;
};
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('startNats', () => {
  it('answers on loopback with JetStream, survives kill and restart on its port and data', async () => {
    const server = await keep(startNats());
    const connection = await connect({ servers: server.url, reconnect: false });
    const manager = await connection.jetstreamManager();
    await manager.streams.add({ name: 'KEPT', subjects: ['kept'] });
    await connection.close();

    const before = { pid: server.pid, url: server.url };
    await server.kill();
    expect(isAlive(before.pid)).toBe(false);
    await server.restart();
    expect(server.pid).not.toBe(before.pid);
    expect(server.url).toBe(before.url);
    const again = await connect({ servers: server.url, reconnect: false });
    expect((await (await again.jetstreamManager()).streams.info('KEPT')).config.name).toBe('KEPT');
    await again.close();

    await server.restart({ wipe: true });
    const wiped = await connect({ servers: server.url, reconnect: false });
    await expect((await wiped.jetstreamManager()).streams.info('KEPT')).rejects.toThrow('stream not found');
    await wiped.close();
  });

  it('stops by pid and removes its folder', async () => {
    const server = await startNats({ jetstream: false });
    const other = await keep(startNats());
    expect(other.port).not.toBe(server.port);
    const { pid, dataDir } = server;
    await server.stop();
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(dataDir)).toBe(false);
    expect(isAlive(other.pid)).toBe(true);
  });

  it('fails with the server’s own words when its port is taken', async () => {
    const stranger = await listen();
    await expect(startNats({ port: portOf(stranger), timeoutMs: 5000 })).rejects.toThrow(/in use/);
  });
});

describe('startRedis', () => {
  it('answers on loopback, forgets over a restart unless persistent', async () => {
    for (const persistent of [false, true]) {
      const server = await keep(startRedis({ persistent }));
      const client = new Redis(server.port, '127.0.0.1', { lazyConnect: true });
      client.on('error', () => {});
      await client.set('key', 'value');
      await server.restart();
      expect(await client.get('key')).toBe(persistent ? 'value' : null);
      client.disconnect();
    }
  });

  it('fails with the server’s own words when its port is taken', async () => {
    const stranger = await listen();
    await expect(startRedis({ port: portOf(stranger), timeoutMs: 5000 })).rejects.toThrow(/in use/);
  });

  it('gives free ports', async () => {
    expect(await freePort()).toBeGreaterThan(1023);
  });
});

describe('guardProcess', () => {
  it('kills the process when the pipe of its owner closes', async () => {
    const child = spawn('sleep', ['60']);
    const ended = new Promise<string | null>((resolve) =>
      child.once('exit', (_code, signal) => resolve(signal)),
    );
    const guard = guardProcess(child.pid ?? -1);
    // What the death of this process would do.
    guard.stdin?.destroy();
    expect(await ended).toBe('SIGKILL');
  });
});

async function listen(): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  started.push({ stop: () => new Promise((resolve) => server.close(() => resolve())) });
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return address && typeof address === 'object' ? address.port : -1;
}
