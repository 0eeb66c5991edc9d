import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { CHART } from './chart-copies.js';

interface Schema {
  readonly type?: string | string[];
  readonly properties?: Record<string, Schema>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly description?: string;
  readonly enum?: unknown[];
  readonly anyOf?: Schema[];
  readonly $ref?: string;
}

const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as Schema;
const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as Record<string, unknown>;

/** Objects that Kubernetes or another chart defines: passed on as they are, so their keys are theirs to check. */
const PASSED_ON = [
  /^global\.image$/,
  /^nats(\.(config|natsBox|podTemplate|container|reloader))?$/,
  /^valkey(\.podSecurityContext)?$/,
  /^\w+\.affinity$/,
  /^\w+\.extraEnv\[\]$/,
  /^networkPolicy\.(clients|scrapers|extraEgress)\[\]$/,
  /^extraObjects\[\]$/,
];
/** Objects whose keys are names that the user chooses: their values are checked. */
const OF_ANY_KEY = [
  /^global\.labels$/,
  /(^|\.)annotations$/,
  /^\w+\.(podAnnotations|podLabels|nodeSelector)$/,
  /^\w+\.resources\.(requests|limits)$/,
  /^metrics\.(serviceMonitor|alerts)\.labels$/,
];

/** Every node below, by its path. */
function nodes(node: Schema, path: string): [string, Schema][] {
  const below = Object.entries(node.properties ?? {}).map(
    ([key, each]) => [path ? `${path}.${key}` : key, each] as const,
  );
  if (node.items) below.push([`${path}[]`, node.items]);
  for (const each of node.anyOf ?? []) below.push([path, each]);
  return [[path, node], ...below.flatMap(([at, each]) => nodes(each, at))];
}
const all = nodes(schema, '');

describe('the schema of values', () => {
  it('is closed, but for what is passed on and for names that users choose', () => {
    const objects = all.filter(([, node]) => node.type === 'object');
    expect(objects.length).toBeGreaterThan(50);
    const open = objects.filter(([, { additionalProperties }]) => additionalProperties !== false);
    const isOfText = ({ additionalProperties: of }: Schema) =>
      typeof of === 'object' && of.type !== undefined;
    const untyped = open.filter(([, node]) => !isOfText(node)).map(([path]) => path);
    const typed = open.filter(([, node]) => isOfText(node)).map(([path]) => path);
    expect(untyped.filter((path) => !PASSED_ON.some((allowed) => allowed.test(path)))).toEqual([]);
    expect(typed.filter((path) => !OF_ANY_KEY.some((allowed) => allowed.test(path)))).toEqual([]);
    // No exception is kept that nothing needs.
    for (const allowed of PASSED_ON) expect(untyped).toContainEqual(expect.stringMatching(allowed));
    for (const allowed of OF_ANY_KEY) expect(typed).toContainEqual(expect.stringMatching(allowed));
  });

  it('gives every value a type', () => {
    const untyped = all.filter(([, node]) => !node.type && !node.enum && !node.anyOf && !node.$ref);
    expect(untyped.map(([path]) => path)).toEqual([]);
  });

  it('says what every value is for', () => {
    const isOurs = (path: string) => !/(^|\.)(global|common|pavedRoadCrd)$|\[\]|^$/.test(path);
    const described = new Set(all.filter(([, { description }]) => description).map(([path]) => path));
    expect(all.map(([path]) => path).filter((path) => isOurs(path) && !described.has(path))).toEqual([]);
  });

  it('knows every default, and no default is a password', () => {
    const isOpen = (path: string) => [...PASSED_ON, ...OF_ANY_KEY].some((open) => open.test(path));
    const paths = (node: unknown, path: string): string[] =>
      typeof node === 'object' && node !== null && !Array.isArray(node) && !isOpen(path)
        ? Object.entries(node).flatMap(([key, each]) => paths(each, path ? `${path}.${key}` : key))
        : [path];
    const known = new Set(all.map(([path]) => path));
    // What is inside of the values of other charts is theirs.
    const ours = paths(values, '').filter((path) => !/^(nats|valkey)\./.test(path));
    expect(ours.length).toBeGreaterThan(100);
    expect(ours.filter((path) => !known.has(path))).toEqual([]);
    expect(JSON.stringify(values)).not.toMatch(/passw|credential/i);
  });

  it('takes no secret but by the name of a Secret', () => {
    const secret = all.map(([path]) => path).filter((path) => /secret|passw|accessKey/i.test(path));
    expect(secret.sort()).toEqual(
      [
        'externalNats.existingSecret',
        'externalNats.existingSecretKey',
        'externalRedis.existingSecret',
        'externalRedis.existingSecretKey',
        'global.imagePullSecrets',
        'global.imagePullSecrets[]',
        'kvCache.tiering.s3.accessKeyIdKey',
        'kvCache.tiering.s3.existingSecret',
        'kvCache.tiering.s3.secretAccessKeyKey',
        ...['autoscaler', 'engineSim', 'gangPlacer', 'kvIndex', 'kvNode', 'kvOffload', 'scheduler'].flatMap(
          (service) => [`${service}.imagePullSecrets`, `${service}.imagePullSecrets[]`],
        ),
      ].sort(),
    );
  });
});
