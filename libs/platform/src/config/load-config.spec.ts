import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { portNumber } from './base-keys.js';
import { defineConfig } from './config-definition.js';
import { ConfigError } from './config-error.js';
import { configHelp, configReference } from './config-help.js';
import { loadConfig } from './load-config.js';
import { maskConfig } from './mask-config.js';

const definition = defineConfig('demo', 'A demo.', {
  httpPort: portNumber(8080, 'Port of the front door'),
  natsUrl: z
    .string()
    .regex(/^nats:\/\/\S+$/, 'must be a nats:// URL')
    .default('nats://127.0.0.1:4222')
    .describe('NATS server'),
  pools: z.array(z.string()).default(['a/b']).describe('Pools'),
  strict: z.boolean().default(true).describe('Whether to be strict'),
  token: z.string().optional().meta({ secret: true }).describe('Access token'),
  scrapeIntervalMs: z.number().int().min(10).default(1000).describe('Scrape interval, in milliseconds'),
});
const load = (argv: string[] = [], env: Record<string, string> = {}) => loadConfig(definition, argv, env);
const problemsOf = (argv: string[], env: Record<string, string> = {}): string => {
  try {
    load(argv, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('was accepted');
};

describe('loadConfig', () => {
  let folder: string;
  const file = (text: string): string => {
    const path = join(folder, `${Math.random()}.yaml`);
    writeFileSync(path, text);
    return path;
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'penstock-config-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('takes flags before the environment before the file before defaults', () => {
    const path = file('httpPort: 1\nscrapeIntervalMs: 20\nmetricsPort: 3\n');
    const { config, sources } = load(['--http-port=7', `--config=${path}`], {
      PENSTOCK_HTTP_PORT: '8',
      PENSTOCK_SCRAPE_INTERVAL_MS: '30',
    });
    expect(config).toMatchObject({ httpPort: 7, scrapeIntervalMs: 30, metricsPort: 3, strict: true });
    expect(sources).toMatchObject({
      httpPort: 'flag',
      scrapeIntervalMs: 'env',
      metricsPort: path,
      strict: 'default',
    });
  });

  it('reads lists, booleans and repeated flags', () => {
    expect(load(['--pools', 'a,b', '--pools', 'c', '--no-strict']).config).toMatchObject({
      pools: ['a', 'b', 'c'],
      strict: false,
    });
    expect(load([], { PENSTOCK_STRICT: 'false' }).config.strict).toBe(false);
  });

  it('treats an empty variable as absent', () => {
    expect(load([], { PENSTOCK_NATS_URL: '', PENSTOCK_CONFIG: '' }).config.natsUrl).toBe(
      'nats://127.0.0.1:4222',
    );
  });

  it('names every problem at once, and where each came from', () => {
    const message = problemsOf(['--http-port=70000', '--bogus', '--scrape-interval-m=5', 'stray'], {
      PENSTOCK_NATS_URL: 'redis:/x',
      PENSTOCK_METRICS_PROT: '1',
    });
    expect(message).toContain('--http-port: Too big');
    expect(message).toContain('unknown flag --bogus');
    expect(message).toContain('unknown flag --scrape-interval-m; did you mean --scrape-interval-ms?');
    expect(message).toContain('unexpected argument "stray"');
    expect(message).toContain('PENSTOCK_NATS_URL: must be a nats:// URL (got "redis:/x")');
    expect(message).toContain('PENSTOCK_METRICS_PROT; did you mean PENSTOCK_METRICS_PORT?');
    expect(message).toContain('6 configuration problems');
  });

  it('ignores variables of other services and Kubernetes service links', () => {
    expect(
      load([], { PENSTOCK_REDIS_URL: 'x', PENSTOCK_SCHEDULER_SERVICE_HOST: '10.0.0.1' }).config.httpPort,
    ).toBe(8080);
  });

  it.each([
    ['httpPort: 1\nhttpPort: 2', /unique/i],
    ['htpPort: 1', /unknown key "htpPort"; did you mean httpPort\?/],
    ['- a', /must be a map/],
    ['a: [', /Flow sequence|expected/i],
    ['__proto__: {a: 1}', /unknown key "__proto__"/],
  ])('refuses the file %j', (text, problem) => {
    expect(problemsOf([`--config=${file(text)}`])).toMatch(problem);
  });

  it('says when the file cannot be read', () => {
    expect(problemsOf(['--config=/nowhere/x.yaml'])).toContain('/nowhere/x.yaml cannot be read (ENOENT)');
  });

  it('refuses a number that is not one, and a flag without its value', () => {
    expect(problemsOf(['--http-port=abc'])).toContain('--http-port: Invalid input: expected number');
    expect(problemsOf(['--http-port'])).toContain('--http-port needs a value');
    expect(problemsOf(['--http-port=NaN'])).toContain('expected number');
    expect(problemsOf(['--strict=perhaps'])).toContain('--strict: Invalid input');
  });

  it('never shows a secret', () => {
    const shown = JSON.stringify(
      maskConfig(definition, load(['--token=hunter2'], { PENSTOCK_NATS_URL: 'nats://me:pw@h:1' }).config),
    );
    expect(shown).not.toMatch(/hunter2|pw/);
    expect(shown).toContain('nats://***@h:1');
    expect(problemsOf([], { PENSTOCK_NATS_URL: 'redis://me:pw@h' })).not.toContain('pw');
  });

  it('documents every key', () => {
    for (const text of [configHelp(definition), configReference(definition)]) {
      for (const name of [
        '--http-port',
        'PENSTOCK_HTTP_PORT',
        'Port of the front door',
        '8080',
        '--drain-timeout-ms',
      ]) {
        expect(text).toContain(name);
      }
    }
    expect(load(['--help', '--bogus']).action).toBe('help');
    expect(load(['--print-config']).action).toBe('print-config');
  });
});
