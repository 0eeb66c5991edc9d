import { once } from 'node:events';
import { createConnection } from 'node:net';

export interface RawMessage {
  readonly subject: string;
  /** Header block as it was on the wire. */
  readonly headers: string;
  readonly payload: string;
}

/** Speaks the NATS protocol by hand, so that a test sees the bytes and not what a client makes of them. */
export async function subscribeRaw(port: number, subject: string) {
  const socket = createConnection({ host: '127.0.0.1', port });
  const messages: RawMessage[] = [];
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    for (let end = pending.indexOf('\r\n'); end >= 0; end = pending.indexOf('\r\n')) {
      const words = pending.toString('latin1', 0, end).split(' ');
      if (words[0] !== 'HMSG') {
        if (words[0] === 'PING') socket.write('PONG\r\n');
        if (words[0] === 'PONG') socket.emit('subscribed');
        pending = pending.subarray(end + 2);
        continue;
      }
      const [headerBytes, totalBytes] = words.slice(-2).map(Number) as [number, number];
      const body = end + 2;
      if (pending.length < body + totalBytes + 2) return;
      messages.push({
        subject: words[1] ?? '',
        headers: pending.toString('latin1', body, body + headerBytes),
        payload: pending.toString('utf8', body + headerBytes, body + totalBytes),
      });
      pending = pending.subarray(body + totalBytes + 2);
    }
  });
  socket.write(
    `CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\nSUB ${subject} 1\r\nPING\r\n`,
  );
  await once(socket, 'subscribed');
  return { messages, close: () => socket.destroy() };
}
