import type { TestNode } from './test-cluster.js';

/** The Node of a test, and its status: CPU, memory and pods are ample, as no test here measures them. */
export function nodeObject({ name, labels, gpus = 0, taints, unschedulable }: TestNode) {
  const amounts = {
    cpu: '192',
    memory: '2Ti',
    pods: '110',
    ...(gpus > 0 ? { 'nvidia.com/gpu': `${gpus}` } : {}),
  };
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', ...labels },
      // kwok and the dev cluster let the pods of such a node run.
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
    },
    spec: { ...(taints ? { taints } : {}), ...(unschedulable ? { unschedulable } : {}) },
    status: {
      capacity: amounts,
      allocatable: amounts,
      addresses: [
        { type: 'InternalIP', address: '127.0.0.1' },
        { type: 'Hostname', address: name },
      ],
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'KubeletReady',
          message: 'a node of a test',
          lastHeartbeatTime: now,
          lastTransitionTime: now,
        },
      ],
    },
  };
}
