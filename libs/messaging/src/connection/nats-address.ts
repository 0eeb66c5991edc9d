import type { NatsEventBusOptions } from '../bus-options.js';

/**
 * Takes user and password out of NATS URLs, as the client does not read them there and addresses are shown. A user
 * without a password is a token. The servers are of one cluster: the first credentials count.
 */
export function natsAddress(urls: readonly string[]): Pick<NatsEventBusOptions, 'servers' | 'credentials'> {
  const parsed = urls.map((url) => URL.parse(url.trim()) ?? url.trim());
  const owner = parsed.find((url) => url instanceof URL && url.username !== '') as URL | undefined;
  const servers = parsed.map((url) => {
    if (!(url instanceof URL)) return url;
    const bare = new URL(url);
    bare.username = '';
    bare.password = '';
    return bare.toString().replace(/\/$/, '');
  });
  if (!owner) return { servers };
  const user = decodeURIComponent(owner.username);
  const password = decodeURIComponent(owner.password);
  return { servers, credentials: password === '' ? { token: user } : { user, password } };
}
