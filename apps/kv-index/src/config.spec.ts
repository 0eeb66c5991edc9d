import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '@penstock/platform';
import { config } from './config.js';

describe('configuration of kv-index', () => {
  it('needs nothing but has every default', () => {
    const loaded = loadConfig(config, [], {}).config;
    expect(loaded).toMatchObject({
      grpcPort: 9102,
      metricsPort: 9091,
      kvEventsPort: 5557,
      kvReplayPort: 5558,
    });
  });

  it.each([
    ['--nats-url=127.0.0.1', /nats-url.*must be a nats:/],
    ['--redis-url=http://x', /redis-url.*must be a redis:/],
    ['--redis-url=redis://a:1,b:2', /redis-url.*must be a redis:.*or several with commas/],
    ['--redis-sentinel=', /redis-sentinel/],
    ['--kv-events-port=0', /kv-events-port/],
    ['--snapshot-part-blocks=100000', /snapshot-part-blocks/],
    ['--delta-interval=5', /delta-interval/],
  ])('refuses %s, and names the flag', (flag, says) => {
    expect(() => loadConfig(config, [flag], {})).toThrow(says);
  });
});
