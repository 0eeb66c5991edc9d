import { describe, expect, it } from '@jest/globals';
import { loadConfig, maskConfig } from '@penstock/platform';
import { demotionSettings } from './application/offload-settings.js';
import { config } from './config.js';

describe('configuration of kv-offload', () => {
  it('needs nothing but has every default', () => {
    const loaded = loadConfig(config, [], {}).config;
    expect(loaded).toMatchObject({
      ...{ grpcPort: 9105, metricsPort: 9094, kvNodePort: 9106, s3CapacityBytes: 0 },
      kvNodeSelector: 'app.kubernetes.io/name=kv-node',
    });
    const settings = { high: 0.9, low: 0.8, s3: false, s3AdmissionUses: 2, maxMoves: 256 };
    expect(demotionSettings(loaded)).toEqual(settings);
  });

  it.each([
    ['--nats-url=127.0.0.1', /nats-url.*must be a nats:/],
    ['--high-watermark=1.2', /high-watermark/],
    ['--low-watermark=0', /low-watermark/],
    ['--kv-nodes=node-1', /kv-nodes.*must be node=ip:port/],
    ['--kv-nodes=node-1=127.0.0.1', /kv-nodes.*must be node=ip:port/],
    ['--s3-endpoint=127.0.0.1:9000', /s3-endpoint.*must be an http/],
    ['--s3-capacity-bytes=-1', /s3-capacity-bytes/],
    ['--lease-name=No Name', /lease-name.*must be a Kubernetes name/],
    ['--snapshot-interval=5', /snapshot-interval/],
  ])('refuses %s, and names the flag', (flag, says) => {
    expect(() => loadConfig(config, [flag], {})).toThrow(says);
  });

  it('names every contradiction at once', () => {
    const flags = [
      ...['--low-watermark=0.9', '--s3-prefix=x', '--s3-access-key-id-file=/id'],
      '--kv-nodes=a=127.0.0.1:1,b=127.0.0.1:2,a=127.0.0.1:3',
    ];
    const loaded = loadConfig(config, flags, {}).config;
    const check = () => demotionSettings(loaded);
    expect(check).toThrow(/--low-watermark \(0.9\) must be below --high-watermark \(0.9\)/);
    expect(check).toThrow(/--s3-access-key-id-file and --s3-secret-access-key-file go together/);
    expect(check).toThrow(/--s3-bucket is required with other settings of S3/);
    expect(check).toThrow(/--kv-nodes names node "a" twice/);
  });

  it('shows no credentials of URLs', () => {
    const loaded = loadConfig(config, ['--nats-url=nats://user:pass@host:4222'], {}).config;
    expect(JSON.stringify(maskConfig(config, loaded))).not.toContain('pass@');
  });
});
