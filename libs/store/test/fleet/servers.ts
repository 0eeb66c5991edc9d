import { connect as connectTo, createServer, type Socket } from 'node:net';
import { type ManagedServer, startRedis, until } from '@penstock/testing';
import { Redis } from 'ioredis';
import { RedisBlockStore, type RedisBlockStoreOptions } from '../../src/index.js';

const LONGEST_MS = 20_000;

/** What a test started, ended in reverse order. */
export class Started {
  private readonly closers: Array<() => Promise<unknown>> = [];

  onClose(close: () => Promise<unknown>): void {
    this.closers.push(close);
  }

  async closeAll(): Promise<void> {
    for (const close of this.closers.splice(0).reverse()) await close();
  }

  async server(options: Parameters<typeof startRedis>[0] = {}): Promise<ManagedServer> {
    const server = await startRedis(options);
    this.onClose(() => server.stop());
    return server;
  }

  /** A client for what an operator does. */
  operator(server: { readonly port: number }, password?: string): Redis {
    const client = new Redis({ port: server.port, host: '127.0.0.1', password, disconnectTimeout: 100 });
    client.on('error', () => {});
    this.onClose(async () => client.disconnect());
    return client;
  }

  /** A block store that works. */
  async store(options: RedisBlockStoreOptions): Promise<RedisBlockStore> {
    const store = RedisBlockStore.connect(options);
    this.onClose(() => store.close());
    await until(() => works(store), LONGEST_MS);
    return store;
  }

  /** An address that leads to one server after the other, as that of a Kubernetes Service does. */
  async address(first: {
    readonly port: number;
  }): Promise<{ url: string; leadTo(server: { readonly port: number }): void }> {
    let { port } = first;
    const sockets = new Set<Socket>();
    const listener = createServer((inner) => {
      const outer = connectTo(port, '127.0.0.1');
      for (const [socket, other] of [
        [inner, outer],
        [outer, inner],
      ] as const) {
        sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    this.onClose(async () => {
      for (const socket of sockets) socket.destroy();
      listener.close();
    });
    const own = listener.address() as { port: number };
    return {
      url: `redis://127.0.0.1:${own.port}`,
      leadTo(server) {
        port = server.port;
      },
    };
  }
}

export function works(store: RedisBlockStore): Promise<boolean> {
  return store.probe().then(
    () => true,
    () => false,
  );
}
