import { readFileSync } from 'node:fs';
import { type ConnectionOptions, credsAuthenticator } from 'nats';
import type { NatsEventBusOptions } from '../bus-options.js';
import { natsAddress } from './nats-address.js';

/** Connection settings of the client: reconnects for ever, notices a hung server within half a minute. */
export function connectionOptions(options: NatsEventBusOptions): ConnectionOptions {
  const { servers, credentials: named } = natsAddress(options.servers);
  const { credentials = named, tls } = options;
  const base: ConnectionOptions = {
    servers: [...servers],
    name: options.source,
    timeout: 5000,
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    pingInterval: 10_000,
    maxPingOut: 2,
    ignoreAuthErrorAbort: true,
  };
  if (tls) base.tls = { ...tls };
  if (!credentials) return base;
  if ('token' in credentials) return { ...base, token: credentials.token };
  if ('user' in credentials) return { ...base, user: credentials.user, pass: credentials.password };
  return {
    ...base,
    authenticator: (nonce) => credsAuthenticator(readFileSync(credentials.credsFile))(nonce),
  };
}
