import type { ServerCommand } from '../../servers/server-command.js';
import { findTool, type ToolName } from '../../tools/index.js';
import type { KubeFiles } from './kube-files.js';

/** Kinds of Kubernetes 1.36 that are not on by default: groups of pods, and devices for them. */
const FEATURES = [
  'GenericWorkload',
  'GangScheduling',
  'TopologyAwareWorkloadScheduling',
  'WorkloadAwarePreemption',
  'DRAWorkloadResourceClaims',
];

/**
 * The controllers that give meaning to what the API stores. None that writes objects of its own into every namespace,
 * watches node heartbeats, handles volumes (it would make folders on this machine) or needs a cloud.
 */
const CONTROLLERS = [
  'daemonset',
  'deployment',
  'disruption',
  'endpoints',
  'endpointslice',
  'garbage-collector',
  'job',
  'namespace',
  'pod-garbage-collector',
  'podgroup-protection',
  'replicaset',
  'resourceclaim',
  'resourcequota',
  'statefulset',
  'taint-eviction',
  'ttl-after-finished',
];

/**
 * Admission that does not fit: there are no service accounts to mount, and no controller that would take the
 * not-ready taint from a node again.
 */
const NO_ADMISSION = ['ServiceAccount', 'TaintNodesByCondition'];

const FEATURE_GATES = `--feature-gates=${FEATURES.map((name) => `${name}=true`).join(',')}`;

/** @throws Error naming the program and how to get it */
function command(name: ToolName, args: readonly string[]): ServerCommand {
  const program = findTool(name);
  if (!program) {
    throw new Error(
      `${name} is missing, so no real cluster can be started: run \`npm run tools\`, or set KUBEBUILDER_ASSETS to a folder that holds it`,
    );
  }
  return { command: program, args, env: {} };
}

/** etcd on loopback; nothing is waited for on disk, as the data does not outlive the test. */
export function etcdCommand(files: KubeFiles, clientPort: number, peerPort: number): ServerCommand {
  const [client, peer] = [clientPort, peerPort].map((port) => `http://127.0.0.1:${port}`);
  const args = ['--data-dir', files.etcdData, '--unsafe-no-fsync', '--log-level', 'error'];
  args.push('--listen-client-urls', `${client}`, '--advertise-client-urls', `${client}`);
  args.push('--listen-peer-urls', `${peer}`, '--initial-advertise-peer-urls', `${peer}`);
  args.push('--initial-cluster', `default=${peer}`);
  return command('etcd', args);
}

/** kube-apiserver on loopback with a certificate of its own making, RBAC and one user who may do everything. */
export function apiServerCommand(files: KubeFiles, port: number, etcdPort: number): ServerCommand {
  return command('kube-apiserver', [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--secure-port=${port}`,
    `--cert-dir=${files.certificates}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    `--service-account-issuer=https://127.0.0.1:${port}`,
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    '--authorization-mode=RBAC',
    `--token-auth-file=${files.tokens}`,
    `--disable-admission-plugins=${NO_ADMISSION.join(',')}`,
    '--allow-privileged',
    `--audit-policy-file=${files.auditPolicy}`,
    `--audit-log-path=${files.auditLog}`,
    '--runtime-config=scheduling.k8s.io/v1alpha2=true',
    FEATURE_GATES,
  ]);
}

/** kube-controller-manager without a port. */
export function controllerManagerCommand(files: KubeFiles): ServerCommand {
  return command('kube-controller-manager', [
    `--kubeconfig=${files.kubeconfig}`,
    '--leader-elect=false',
    '--secure-port=0',
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    `--controllers=${CONTROLLERS.map((name) => `${name}-controller`).join(',')}`,
    FEATURE_GATES,
  ]);
}

/** kube-scheduler without a port: binds the pods that name no other scheduler. */
export function schedulerCommand(files: KubeFiles): ServerCommand {
  return command('kube-scheduler', [
    `--kubeconfig=${files.kubeconfig}`,
    '--leader-elect=false',
    '--secure-port=0',
    FEATURE_GATES,
  ]);
}

/** kwok in place of the kubelets of the nodes that ask for it. */
export function kwokCommand(files: KubeFiles): ServerCommand {
  return command('kwok', [
    `--kubeconfig=${files.kubeconfig}`,
    `--config=${files.kwokConfig}`,
    '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake',
    // The default range has room for 254 pods.
    '--cidr=10.64.0.0/10',
  ]);
}
