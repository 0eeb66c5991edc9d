import { request } from 'undici';

/** The metrics page of a service, as Prometheus text. */
export async function metricsText(url: string): Promise<string> {
  const { body } = await request(`${url}/metrics`, { signal: AbortSignal.timeout(2000) });
  return body.text();
}
