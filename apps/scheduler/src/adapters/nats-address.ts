import type { NatsEventBusOptions } from '@penstock/messaging';

/**
 * Takes user and password out of NATS URLs (comma-separated), so that the addresses can be shown. A user without
 * a password is a token. The servers are of one cluster: the first credentials count.
 */
export function natsAddress(natsUrls: string): Pick<NatsEventBusOptions, 'servers' | 'credentials'> {
  const urls = natsUrls.split(',').map((url) => new URL(url.trim()));
  const owner = urls.find((url) => url.username !== '');
  const user = decodeURIComponent(owner?.username ?? '');
  const password = decodeURIComponent(owner?.password ?? '');
  const servers = urls.map((url) => {
    url.username = '';
    url.password = '';
    return url.toString().replace(/\/$/, '');
  });
  if (user === '') return { servers };
  return { servers, credentials: password === '' ? { token: user } : { user, password } };
}

/** Whether every part of the text is a NATS URL. */
export const areNatsUrls = (text: string): boolean =>
  text.split(',').every((url) => /^(nats|tls):\/\//.test(url.trim()) && URL.canParse(url.trim()));
