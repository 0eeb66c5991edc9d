import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '@penstock/platform';
import { config } from './config.js';

describe('gang-placer configuration', () => {
  it('has a default for everything', () => {
    expect(loadConfig(config, [], {})).toMatchObject({
      action: 'run',
      config: {
        ...{
          grpcPort: 9104,
          metricsPort: 9093,
          schedulerName: 'penstock-gang-placer',
          leaseNamespace: 'default',
        },
      },
    });
  });

  it.each([
    [
      'a scheduler name that is none',
      '--scheduler-name=My Scheduler',
      /--scheduler-name.*must be a Kubernetes name/s,
    ],
    ['a namespace that is none', '--namespace=-x', /--namespace.*must be a Kubernetes name/s],
    ['another protocol than NATS', '--nats-url=http://x', /--nats-url.*must be a nats:/s],
    ['no binding at a time', '--bind-concurrency=0', /--bind-concurrency/],
    ['a search without an end', '--max-search-steps=1e12', /--max-search-steps/],
    ['a lease of no time', '--lease-duration-ms=0', /--lease-duration-ms/],
    [
      'a gate that is no path',
      '--startup-gate-command=startup-gate',
      /--startup-gate-command.*absolute path/s,
    ],
    ['an unknown setting', '--lease-nme=x', /--lease-nme/],
  ])('refuses %s', (_, flag, message) => {
    expect(() => loadConfig(config, [flag], {})).toThrow(message);
  });
});
