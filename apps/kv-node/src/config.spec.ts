import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '@penstock/platform';
import { stringify } from 'yaml';
import { config } from './config.js';
import { tierSettings } from './tier-settings.js';

const BASE = ['--node=node-1', '--cpu-dir=/dev/shm/kv', '--cpu-capacity=256Mi'];
const load = (...flags: string[]) => loadConfig(config, [...BASE, ...flags], {}).config;

describe('configuration of kv-node', () => {
  it('needs a node and a CPU tier', () => {
    expect(load()).toMatchObject({
      ...{ node: 'node-1', grpcPort: 9106, metricsPort: 9095, aloneAfterMs: 10_000 },
      ...{ cpuCapacity: 268_435_456, checksumRate: 268_435_456 },
    });
    expect(() => loadConfig(config, [], {})).toThrow(/3 configuration problems/);
  });

  it.each([
    ['1048576', 1_048_576],
    ['1.5G', 1_500_000_000],
    ['2Ti', 2_199_023_255_552],
    ['64Gi', 68_719_476_736],
  ])('reads %s', (text, bytes) => {
    expect(load(`--ssd-capacity=${text}`).ssdCapacity).toBe(bytes);
  });

  it('waits for the disk unless it is told not to', () => {
    const ssd = ['--ssd-dir=/ssd', '--ssd-capacity=1Gi'];
    expect(tierSettings(load(...ssd)).ssdSync).toBe(true);
    expect(tierSettings(load(...ssd, '--ssd-sync=false')).ssdSync).toBe(false);
  });

  it('takes what it prints as a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kv-node-config-'));
    writeFileSync(
      join(folder, 'config.yaml'),
      stringify({ ...load('--ssd-dir=/ssd', '--ssd-capacity=1Gi') }),
    );
    expect(loadConfig(config, [`--config=${folder}/config.yaml`], {}).config).toMatchObject({
      ...{ cpuCapacity: 268_435_456, ssdCapacity: 1_073_741_824, checksumRate: 268_435_456 },
    });
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['--cpu-capacity=lots', /cpu-capacity.*must be a size such as/],
    ['--cpu-capacity=0', /cpu-capacity.*at least 1 byte/],
    ['--cpu-capacity=1 Gi', /cpu-capacity.*must be a size/],
    ['--cpu-dir=kv', /cpu-dir.*absolute/],
    ['--node=a/b', /node.*name of a node/],
    ['--s3-endpoint=127.0.0.1:9000', /s3-endpoint.*must be http:/],
    ['--s3-bucket=No', /s3-bucket.*name of a bucket/],
    ['--s3-prefix=/x', /s3-prefix.*must not begin/],
    ['--concurrency=0', /concurrency/],
    ['--high-watermark=1.2', /high-watermark/],
    ['--rescan=5', /rescan/],
  ])('refuses %s, and names the flag', (flag, says) => {
    expect(() => load(flag)).toThrow(says);
  });
});

describe('tierSettings', () => {
  it('puts the inventory beside the chunks of the durable tier', () => {
    expect(tierSettings(load())).toEqual({
      cpu: { root: '/dev/shm/kv', capacityBytes: 268_435_456 },
      ssdSync: true,
      dataDir: '/dev/shm/kv/.penstock',
    });
    expect(tierSettings(load('--ssd-dir=/mnt/kv/', '--ssd-capacity=1Gi'))).toMatchObject({
      ssd: { root: '/mnt/kv', capacityBytes: 1_073_741_824 },
      dataDir: '/mnt/kv/.penstock',
    });
    expect(
      tierSettings(
        load('--s3-bucket=kvs', '--s3-access-key-id-file=/s/id', '--s3-secret-access-key-file=/s/key'),
      ).s3,
    ).toEqual({
      bucket: 'kvs',
      region: 'us-east-1',
      credentials: { accessKeyIdFile: '/s/id', secretAccessKeyFile: '/s/key' },
    });
  });

  it.each([
    [['--ssd-dir=/mnt/kv'], /--ssd-dir and --ssd-capacity go together/],
    [['--ssd-dir=/dev/shm/kv', '--ssd-capacity=1Gi'], /must be two folders/],
    [['--ssd-dir=/dev/shm/kv/ssd', '--ssd-capacity=1Gi'], /none inside the other/],
    [['--ssd-dir=/dev/shm', '--ssd-capacity=1Gi'], /none inside the other/],
    [['--data-dir=/dev/shm/kv/data'], /--data-dir must not be among the chunks of \/dev\/shm\/kv/],
    [['--data-dir=/dev/shm/kv'], /--data-dir must not be among/],
    [['--s3-endpoint=http://127.0.0.1:1'], /--s3-bucket is required/],
    [['--s3-bucket=kvs', '--s3-access-key-id-file=/s/id'], /-secret-access-key-file go together/],
    [['--low-watermark=0.9', '--high-watermark=0.9'], /--low-watermark \(0.9\) must be below/],
  ])('refuses %j', (flags, says) => {
    expect(() => tierSettings(load(...flags))).toThrow(says);
  });

  it('names every contradiction at once', () => {
    const flags = ['--ssd-dir=/mnt/kv', '--low-watermark=1', '--s3-prefix=x'];
    expect(() => tierSettings(load(...flags))).toThrow(/3 configuration problems/);
  });
});
