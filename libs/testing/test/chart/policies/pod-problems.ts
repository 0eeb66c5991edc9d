import { idOf } from '../rendered-object.js';
import type { Container, Workload } from './workload.js';

export interface PodRules {
  /** Pods that share folders of the node: `hostPath` volumes are theirs alone. */
  readonly mayUseHostPaths?: readonly string[];
  /** Workloads of others' charts, whose probes are not ours. */
  readonly unprobed?: readonly string[];
}

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/**
 * What the restricted Pod Security Standard of Kubernetes forbids, a root file system that can be written, a container
 * without probes, requests or a limit of memory, and an image that is not pinned: one line each.
 */
export function podProblems(workload: Workload, rules: PodRules = {}): string[] {
  const { object, pod } = workload;
  const id = idOf(object);
  const problems: string[] = [];
  const expectThat = (isRight: boolean, problem: string) =>
    void (isRight || problems.push(`${id}: ${problem}`));
  const security = pod.securityContext ?? {};
  expectThat(security['runAsNonRoot'] === true && security['runAsUser'] !== 0, 'may run as root');
  const seccomp = security['seccompProfile'] as { type?: string } | undefined;
  expectThat(seccomp?.type === 'RuntimeDefault', 'seccomp is not RuntimeDefault');
  expectThat(!pod.hostNetwork && !pod.hostPID && !pod.hostIPC, 'shares a namespace of the node');
  const mayUseHostPaths = rules.mayUseHostPaths?.includes(id) ?? false;
  for (const { name, ...source } of pod.volumes ?? []) {
    const isAllowed = VOLUMES.some((kind) => kind in source) || (mayUseHostPaths && 'hostPath' in source);
    expectThat(isAllowed, `volume ${name} is ${Object.keys(source).join(', ')}`);
  }
  for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
    problems.push(...containerProblems(container).map((problem) => `${id}/${container.name}: ${problem}`));
  }
  if (object.kind !== 'Pod' && !rules.unprobed?.includes(id)) {
    for (const container of pod.containers) {
      problems.push(...lifeProblems(container).map((problem) => `${id}/${container.name}: ${problem}`));
    }
  }
  return problems;
}

function containerProblems({ image, securityContext = {} }: Container): string[] {
  const problems: string[] = [];
  const capabilities = securityContext['capabilities'] as { drop?: string[]; add?: string[] } | undefined;
  if (securityContext['allowPrivilegeEscalation'] !== false) problems.push('may gain privileges');
  if (securityContext['privileged']) problems.push('is privileged');
  if (securityContext['readOnlyRootFilesystem'] !== true) problems.push('may write its root file system');
  if (!capabilities?.drop?.includes('ALL')) problems.push('keeps capabilities');
  if (capabilities?.add?.length) problems.push(`adds ${capabilities.add}`);
  if (securityContext['runAsUser'] === 0 || securityContext['runAsNonRoot'] === false)
    problems.push('runs as root');
  if (!isPinned(image)) problems.push(`image ${image} is not pinned`);
  return problems;
}

function lifeProblems(container: Container): string[] {
  const problems: string[] = [];
  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const) {
    const port = container[probe]?.httpGet?.port;
    if (port === undefined) problems.push(`has no ${probe}`);
    else if (!container.ports?.some(({ name }) => name === port))
      problems.push(`${probe} asks port ${port}, which it has not`);
  }
  const { requests, limits } = container.resources ?? {};
  if (!requests || !('cpu' in requests) || !('memory' in requests))
    problems.push('requests no CPU or no memory');
  if (!limits || !('memory' in limits)) problems.push('has no limit of memory');
  return problems;
}

/** A digest, or a tag that is not `latest`. */
export function isPinned(image: string): boolean {
  if (/@sha256:[0-9a-f]{64}$/.test(image)) return true;
  const tag = /^[^@]*:([\w.-]+)$/.exec(image)?.[1];
  return tag !== undefined && tag !== 'latest';
}
