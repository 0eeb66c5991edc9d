import { createServer } from 'node:net';

/** True when nothing listens on host:port. `0.0.0.0` and `127.0.0.1` listeners both count as taken. */
export function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

export interface PortMove {
  readonly name: string;
  readonly preferred: number;
  readonly port: number;
}

/** Hands out ports: the preferred one, or the next free one above it. Remembers what it gave and what moved. */
export class PortChooser {
  readonly moves: PortMove[] = [];
  private readonly given = new Set<number>();

  async choose(name: string, preferred: number, host = '127.0.0.1'): Promise<number> {
    for (let port = preferred; port < preferred + 500 && port < 65_536; port++) {
      if (this.given.has(port) || !(await isFree(port, host))) continue;
      this.given.add(port);
      if (port !== preferred) this.moves.push({ name, preferred, port });
      return port;
    }
    throw new Error(
      `no free port for ${name} between ${preferred} and ${preferred + 499}; stop what uses them and try again`,
    );
  }
}
