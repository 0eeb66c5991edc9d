import { isIPv6 } from 'node:net';

const HOST_PORT = /^(?:\[([^\]]+)\]|[A-Za-z0-9][A-Za-z0-9._-]*):(\d{1,5})$/;

/** Whether a text is `host:port` (an IPv6 address in brackets) that HTTP and ZeroMQ can connect to. */
export function isHostPort(text: string): boolean {
  const [, address, digits] = HOST_PORT.exec(text) ?? [];
  const port = Number(digits);
  return port >= 1 && port <= 65_535 && (address === undefined || isIPv6(address));
}
