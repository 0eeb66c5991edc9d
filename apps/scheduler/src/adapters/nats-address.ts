import type { NatsEventBusOptions } from '@penstock/messaging';

/** Takes user and password out of a NATS URL, so that the address can be shown. A user without password is a token. */
export function natsAddress(natsUrl: string): Pick<NatsEventBusOptions, 'servers' | 'credentials'> {
  const url = new URL(natsUrl);
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  url.username = '';
  url.password = '';
  const servers = [url.toString().replace(/\/$/, '')];
  if (user === '') return { servers };
  return { servers, credentials: password === '' ? { token: user } : { user, password } };
}
