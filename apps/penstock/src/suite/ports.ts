import { createServer, type Server } from 'node:net';

export interface PortMove {
  readonly name: string;
  readonly preferred: number;
  readonly port: number;
}

/**
 * Hands out ports: the preferred one, or the next free one above it; any free one for 0. A port stays occupied until
 * `release`, so that two suites that start at the same time do not choose the same. Remembers what moved.
 */
export class PortChooser {
  readonly moves: PortMove[] = [];
  private readonly held: Server[] = [];

  async choose(name: string, preferred: number, host = '127.0.0.1'): Promise<number> {
    const last = preferred === 0 ? 0 : Math.min(preferred + 499, 65_535);
    for (let port = preferred; port <= last; port++) {
      const server = await occupy(port, host);
      if (!server) continue;
      this.held.push(server);
      const chosen = (server.address() as { port: number }).port;
      if (preferred !== 0 && chosen !== preferred) this.moves.push({ name, preferred, port: chosen });
      return chosen;
    }
    throw new Error(
      `no free port for ${name} between ${preferred} and ${last}; stop what uses them and try again`,
    );
  }

  /** Gives the chosen ports free for those who asked for them. */
  async release(): Promise<void> {
    await Promise.all(this.held.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** Listens on a port; undefined when somebody else does. A listener on 0.0.0.0 takes every address. */
function occupy(port: number, host: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    // A chosen port must never keep the process alive.
    server.unref();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host, exclusive: true }, () => resolve(server));
  });
}
