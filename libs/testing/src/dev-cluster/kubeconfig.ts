import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stringify } from 'yaml';

/** A kubeconfig for a cluster without login, as YAML. */
export function kubeconfigFor(url: string): string {
  const name = 'penstock-dev';
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    // There is no TLS to verify; the JavaScript client refuses plain HTTP unless it is told so.
    clusters: [{ name, cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name, user: {} }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
    'current-context': name,
  });
}

/** Writes it whole, readable by its owner only. */
export function writeKubeconfig(path: string, kubeconfig: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, kubeconfig, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
