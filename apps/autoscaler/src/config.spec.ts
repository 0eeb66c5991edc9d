import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '@penstock/platform';
import { scalingOptions } from './application/scaling-options.js';
import { config } from './config.js';

describe('configuration of autoscaler', () => {
  it('needs nothing but has every default', () => {
    expect(loadConfig(config, [], {}).config).toMatchObject({
      grpcPort: 9103,
      metricsPort: 9092,
      upUtilisation: 0.85,
      downUtilisation: 0.7,
      downWindowMs: 60_000,
      idleMs: 600_000,
    });
  });

  it.each([
    ['--nats-url=127.0.0.1', /nats-url.*must be a nats:/],
    ['--up-utilisation=1.2', /up-utilisation/],
    ['--down-utilisation=0', /down-utilisation/],
    ['--down-window-ms=0', /down-window-ms/],
    ['--lease-name=No Name', /lease-name.*must be a Kubernetes name/],
    ['--interval=5', /interval/],
  ])('refuses %s, and names the flag', (flag, says) => {
    expect(() => loadConfig(config, [flag], {})).toThrow(says);
  });

  it('refuses to scale down at a use at which it would scale up again', () => {
    const loaded = loadConfig(config, ['--down-utilisation=0.9'], {}).config;
    expect(() => scalingOptions(loaded)).toThrow(
      /--down-utilisation.*0.9.*must be below --up-utilisation.*0.85/,
    );
  });
});
