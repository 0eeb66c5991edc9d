import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Closes connections of a server that is shutting down. Node counts a connection as idle only after its first
 * request: one that a client opened ahead of time would keep the server from closing.
 */
export class ConnectionCloser {
  private readonly unused = new Set<Socket>();

  constructor(private readonly server: Server) {
    server.on('connection', (socket: Socket) => {
      this.unused.add(socket);
      socket.once('close', () => this.unused.delete(socket));
    });
    server.on('request', (request: IncomingMessage) => this.unused.delete(request.socket));
  }

  /** Those that carry no request. */
  closeIdle(): void {
    this.server.closeIdleConnections();
    for (const socket of this.unused) if (socket.bytesRead === 0) socket.destroy();
  }

  closeAll(): void {
    this.server.closeAllConnections();
  }
}
