import type { HealthReport } from '@penstock/platform';
import { request } from 'undici';
import type { Addresses } from '../../commands/addresses.js';
import type { Check, Finding } from '../finding.js';
import { findings } from '../findings.js';

const { ok, warn, fail, skip } = findings('services');

/** What every service says of its own readiness. */
export const checkServices = (metrics: Addresses['metrics'], timeoutMs: number): Check => ({
  area: 'services',
  run: async () => {
    const pages = Object.entries(metrics).flatMap(([service, urls]) =>
      (urls ?? []).map((url) => ({ service, url })),
    );
    if (pages.length === 0)
      return [
        skip('readiness', 'no metrics page is known', 'give them: --metrics scheduler=http://host:9090,…'),
      ];
    return Promise.all(pages.map(({ service, url }) => readiness(service, url, timeoutMs)));
  },
});

async function readiness(service: string, url: string, timeoutMs: number): Promise<Finding> {
  const name = `${service} ${new URL(url).host}`;
  try {
    const { body } = await request(`${url}/readyz`, { signal: AbortSignal.timeout(timeoutMs) });
    const report = (await body.json()) as HealthReport;
    const failing = report.checks.filter((check) => !check.ok);
    const why = failing.map((check) => `${check.name}: ${check.detail ?? 'failed'}`).join('; ');
    if (report.status === 'ok') return ok(name, `ready, ${report.checks.length} checks passed`);
    if (report.status === 'degraded')
      return warn(name, `ready, degraded: ${why}`, 'it goes on with what it knows; mend what is named');
    return fail(name, `${report.status}: ${why || 'no reason given'}`, `see the log of ${service}`);
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    return fail(
      name,
      `${url}/readyz does not answer (${code ?? message})`,
      `check that ${service} runs there`,
    );
  }
}
