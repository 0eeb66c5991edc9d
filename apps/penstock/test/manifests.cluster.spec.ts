import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KubernetesCluster } from '@penstock/cluster';
import {
  type Condition,
  CUSTOM_RESOURCES,
  customResourceDefinition,
  namespaceKind,
  podCliqueSetKind,
} from '@penstock/contracts';
import type { ClusterObject, ResourceKind } from '@penstock/core/ports';
import { installDefinitions, startTestCluster, type TestCluster, until } from '@penstock/testing';
import { pino } from 'pino';
import { Translations } from '../../gang-placer/src/translation/translations.js';
import { isTranslated, type Manifest, manifestFolder } from './manifest-folder.js';

/** A real API server takes its time, more so on a busy machine. */
const PATIENCE_MS = 60_000;
type Stored = ClusterObject & {
  spec?: unknown;
  status?: { conditions?: Condition[] };
};

const run = promisify(execFile);
const folder = manifestFolder();
const translated = folder.manifests.filter(isTranslated);
let api: TestCluster;
let cluster: KubernetesCluster;
let translations: Translations;

beforeAll(async () => {
  api = await startTestCluster();
  cluster = new KubernetesCluster({ service: 'gang-placer', kubeconfig: api.kubeconfigPath });
  await installDefinitions(cluster, CUSTOM_RESOURCES.map(customResourceDefinition));
  const namespaces = new Set(folder.manifests.flatMap(({ object }) => object.metadata.namespace ?? []));
  for (const name of namespaces) {
    await cluster.apply(namespaceKind as ResourceKind, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    });
  }
  translations = new Translations({
    cluster,
    clock: { nowMs: () => Date.now() },
    logger: pino({ level: process.env['TEST_LOG'] ?? 'silent' }),
    settings: { keepFrontend: false, engineImage: 'vllm/vllm-openai:v0.18.0' },
  });
  translations.lead({ transitions: 1, isHeld: () => true });
}, 240_000);
afterAll(async () => {
  await translations?.yield();
  await translations?.close();
  await cluster?.close();
  await api?.stop();
}, 60_000);

const stored = async ({ kind, object }: Manifest) =>
  (await cluster.get(kind, object.metadata.namespace, object.metadata.name)) as unknown as Stored;
const conditionOf = async (manifest: Manifest, type: string) =>
  (await stored(manifest)).status?.conditions?.find((condition) => condition.type === type);

describe(`the manifests of ${process.env['PENSTOCK_MANIFESTS'] ?? 'deploy/examples'}`, () => {
  it('are accepted as they stand, by server-side apply of kubectl where it is built, else by its request', async () => {
    const { kubectl } = api.tools;
    for (const file of new Set(folder.manifests.map((manifest) => manifest.file))) {
      const ofFile = folder.manifests.filter((manifest) => manifest.file === file);
      if (kubectl) {
        const args = ['apply', '--server-side', '-f', join(folder.path, file)];
        const { stdout } = await run(kubectl, ['--kubeconfig', api.kubeconfigPath, ...args]);
        expect(stdout.match(/serverside-applied/g)).toHaveLength(ofFile.length);
      } else for (const { kind, object } of ofFile) await cluster.apply(kind, object);
    }
    for (const manifest of folder.manifests) {
      const { object } = manifest;
      // Nothing of what was written is pruned or changed.
      expect((await stored(manifest)).spec ?? {}).toMatchObject((object as Stored).spec ?? {});
    }
  }, 180_000);

  it('have kinds that kubectl can tell apart', () => {
    const names = CUSTOM_RESOURCES.map(({ resource }) => `${resource.plural}.${resource.group}`);
    expect(new Set(names).size).toBe(names.length);
    const short = CUSTOM_RESOURCES.flatMap(({ shortNames }) => shortNames ?? []);
    expect(new Set(short).size).toBe(short.length);
  });

  it.each(
    translated.map(
      (manifest) => [`${manifest.object.kind} ${manifest.object.metadata.name}`, manifest] as const,
    ),
  )(
    '%s is translated, and says what has no effect',
    async (_name, manifest) => {
      await until(async () => (await conditionOf(manifest, 'Translated')) !== undefined, PATIENCE_MS);
      expect(await conditionOf(manifest, 'Accepted')).toMatchObject({ status: 'True' });
      expect(await conditionOf(manifest, 'Translated')).toMatchObject({ status: 'True', reason: 'Applied' });
      expect(await conditionOf(manifest, 'penstock.dev/NotActedUpon')).toMatchObject({
        status: 'True',
        message: expect.stringContaining('spec.'),
      });
      expect(await conditionOf(manifest, 'Ready')).toMatchObject({
        status: 'False',
        reason: 'WaitingForEngines',
      });
      const { namespace, name, uid } = (await stored(manifest)).metadata;
      const set = await cluster.get(podCliqueSetKind as ResourceKind, namespace, name);
      expect(set?.metadata.ownerReferences).toEqual([expect.objectContaining({ uid, controller: true })]);
    },
    120_000,
  );

  it('settle: what is applied again changes nothing', async () => {
    const versions = async () =>
      (await cluster.list(podCliqueSetKind as ResourceKind, {})).map(
        ({ metadata }) => metadata.resourceVersion,
      );
    const before = await versions();
    for (const { kind, object } of translated) {
      const annotations = { 'example.dev/touched': '1' };
      const { namespace, name } = object.metadata;
      await cluster.mergePatch(kind, namespace, name, { metadata: { annotations } });
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await versions()).toEqual(before);
  }, 60_000);

  it('take what was made of them along when they are deleted', async () => {
    const [manifest] = translated;
    if (!manifest) throw new Error('the folder holds nothing that is translated');
    const { namespace, name } = manifest.object.metadata;
    await cluster.delete(manifest.kind, namespace, name);
    await until(
      async () => (await cluster.get(podCliqueSetKind as ResourceKind, namespace, name)) === undefined,
      PATIENCE_MS,
    );
  }, 120_000);
});
