import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { KWOK_STAGES } from './kwok-stages.js';

/** The user of tests and the controllers may do everything, so what they ask is of no interest. */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', userGroups: ['system:serviceaccounts'] }, { level: 'None' }],
};

/** Files that the servers of one cluster read, all in its own folder. */
export class KubeFiles {
  readonly etcdData: string;
  /** The API server writes its certificate here, `apiserver.crt`, and uses it again after a restart. */
  readonly certificates: string;
  readonly certificate: string;
  readonly serviceAccountKey: string;
  readonly tokens: string;
  readonly kwokConfig: string;
  readonly kubeconfig: string;
  readonly auditPolicy: string;
  /** What service accounts ask: an Event of audit.k8s.io/v1 as JSON per line. */
  readonly auditLog: string;
  /** Of the only user, who may do everything. */
  readonly token = randomUUID();

  constructor(folder: string) {
    this.etcdData = join(folder, 'etcd');
    this.certificates = join(folder, 'certificates');
    this.certificate = join(this.certificates, 'apiserver.crt');
    this.serviceAccountKey = join(folder, 'service-account.key');
    this.tokens = join(folder, 'tokens.csv');
    this.kwokConfig = join(folder, 'kwok.yaml');
    this.kubeconfig = join(folder, 'kubeconfig');
    this.auditPolicy = join(folder, 'audit-policy.yaml');
    this.auditLog = join(folder, 'audit.log');
  }

  /** Writes what must be there before the first server starts. */
  prepare(): void {
    mkdirSync(this.certificates, { mode: 0o700 });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = privateKey.export({ type: 'sec1', format: 'pem' });
    writeFileSync(this.serviceAccountKey, key, { mode: 0o600 });
    writeFileSync(this.tokens, `${this.token},admin,admin,system:masters\n`, { mode: 0o600 });
    writeFileSync(this.auditPolicy, stringify(AUDIT_POLICY));
    writeFileSync(this.kwokConfig, KWOK_STAGES.map((stage) => stringify(stage)).join('---\n'));
  }

  /** @param certificate PEM of the API server's own certificate and its authority */
  writeKubeconfig(url: string, certificate: Buffer): string {
    const name = 'penstock-test';
    const text = stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name, cluster: { server: url, 'certificate-authority-data': certificate.toString('base64') } },
      ],
      users: [{ name, user: { token: this.token } }],
      contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
      'current-context': name,
    });
    writeFileSync(this.kubeconfig, text, { mode: 0o600 });
    return text;
  }
}
