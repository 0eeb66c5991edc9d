import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestCluster } from './start-test-cluster.js';

const before = { ...process.env };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-start-'));
  // No programs but those of the test, and no clusters but those of the test in the folder for them.
  Object.assign(process.env, { XDG_CACHE_HOME: folder, TMPDIR: folder, PENSTOCK_TEST_CLUSTER: 'kube' });
  delete process.env['KUBEBUILDER_ASSETS'];
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  rmSync(folder, { recursive: true, force: true });
});

const clustersLeft = () => readdirSync(folder).filter((name) => name.startsWith('penstock-kube-'));

describe('startTestCluster', () => {
  it('refuses a kind that it does not know', async () => {
    process.env['PENSTOCK_TEST_CLUSTER'] = 'real';
    await expect(startTestCluster()).rejects.toThrow(
      'PENSTOCK_TEST_CLUSTER=real: use dev, kube, or unset it',
    );
  });

  it('names the program that is missing, and how to get it', async () => {
    await expect(startTestCluster()).rejects.toThrow(
      /kube-controller-manager is missing, .*run `npm run tools`, or set KUBEBUILDER_ASSETS/,
    );
    expect(clustersLeft()).toEqual([]);
  });

  it('shows what a server said that does not start, and leaves nothing behind', async () => {
    process.env['KUBEBUILDER_ASSETS'] = folder;
    for (const name of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok']) {
      writeFileSync(join(folder, name), `#!/bin/sh\necho "${name}: cannot" >&2\nexit 1\n`);
      chmodSync(join(folder, name), 0o755);
    }
    await expect(startTestCluster()).rejects.toThrow(/etcd ended while starting:\netcd: cannot/);
    expect(clustersLeft()).toEqual([]);
  });
});
