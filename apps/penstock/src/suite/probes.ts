import { connect, type Socket } from 'node:net';

/** True when a NATS server greets with INFO. */
export const greetsAsNats = (port: number) => firstReply(port, '', (reply) => reply.startsWith('INFO '));

/** True when a Redis answers PING. */
export const answersRedis = (port: number) =>
  firstReply(port, 'PING\r\n', (reply) => reply.startsWith('+PONG'));

function firstReply(port: number, send: string, accept: (reply: string) => boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', timeout: 1000 });
    const end = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => send && socket.write(send));
    socket.once('data', (data) => end(accept(data.toString('utf8'))));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
    socket.once('close', () => resolve(false));
  });
}
