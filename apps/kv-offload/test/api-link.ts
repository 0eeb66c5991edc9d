import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** One replica's own way to the API server, which can be cut while all others stay. */
export class ApiLink {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly port: number,
  ) {}

  /**
   * @param kubeconfig of the API server at `url`, as YAML
   * @param path where the kubeconfig for this way is written
   */
  static async open(url: string, kubeconfig: string, path: string): Promise<ApiLink> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const link = new ApiLink(server, port);
    const target = new URL(url);
    server.on('connection', (socket) => link.join(socket, connect(Number(target.port), target.hostname)));
    const own = new URL(url);
    own.port = String(port);
    writeFileSync(path, kubeconfig.replaceAll(target.origin, own.origin));
    return link;
  }

  /** Connections end at once, and new ones are refused. */
  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  async restore(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
  }

  private join(near: Socket, far: Socket): void {
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
