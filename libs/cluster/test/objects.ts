import type { InferencePool, InferencePoolV1Alpha2, Pod } from '@penstock/contracts';

export interface PodFacts {
  namespace?: string;
  name?: string;
  uid?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ip?: string;
  phase?: string;
  ready?: boolean;
  deleted?: boolean;
  restarts?: number;
  startedAt?: string;
  ports?: Array<{ name?: string; containerPort: number }>;
}

export function enginePod(facts: PodFacts = {}): Pod {
  const { name = 'e0' } = facts;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: facts.namespace ?? 'ns',
      name,
      uid: facts.uid ?? `uid-${name}`,
      labels: facts.labels ?? { app: 'engine' },
      annotations: facts.annotations,
      ...(facts.deleted === true ? { deletionTimestamp: '2026-11-20T10:00:00Z' } : {}),
    },
    spec: { containers: [{ name: 'engine', ports: facts.ports ?? [{ name: 'http', containerPort: 8000 }] }] },
    status: {
      phase: facts.phase ?? 'Running',
      podIP: facts.ip ?? '127.20.0.1',
      conditions: [{ type: 'Ready', status: facts.ready === false ? 'False' : 'True' }],
      containerStatuses: [
        {
          name: 'engine',
          restartCount: facts.restarts ?? 0,
          state: { running: { startedAt: facts.startedAt ?? '2026-11-20T09:00:00Z' } },
        },
      ],
    },
  };
}

export function poolV1(name: string, matchLabels: Record<string, string>, ports = [8000]): InferencePool {
  return {
    apiVersion: 'inference.networking.k8s.io/v1',
    kind: 'InferencePool',
    metadata: { namespace: 'ns', name, uid: `uid-${name}` },
    spec: { selector: { matchLabels }, targetPorts: ports.map((number) => ({ number })) },
  };
}

export function poolV1Alpha2(name: string, selector: Record<string, unknown>): InferencePoolV1Alpha2 {
  return {
    apiVersion: 'inference.networking.x-k8s.io/v1alpha2',
    kind: 'InferencePool',
    metadata: { namespace: 'ns', name, uid: `uid-${name}` },
    spec: { selector, targetPortNumber: 8000 },
  };
}
