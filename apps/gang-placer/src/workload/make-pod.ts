import {
  GROVE_LABELS,
  POD_GANG_GATE,
  type Pod,
  type PodClique,
  START_ALLOWED_ANNOTATION,
} from '@penstock/contracts';
import { WRITTEN_ANNOTATION } from './desired-clique.js';
import { withEnvironment } from './environment.js';
import { names } from './names.js';
import { ownedBy } from './ownership.js';
import { TERMINATE_BEFORE_ANNOTATION } from './plan-terminations.js';

export interface PodOptions {
  /** Scheduler of pods whose template names none. */
  readonly schedulerName: string;
  /** Image of the init container that waits until the cliques before are ready. */
  readonly startupGateImage: string;
  /** Program of that image; absent = its entry point. */
  readonly startupGateCommand?: string | undefined;
}

const GATE_VOLUME = 'penstock-start';
const GATE_FOLDER = '/etc/penstock/start';
/** Small and equal, so that it changes neither the pod's requests nor its quality of service. */
const GATE_RESOURCES = { cpu: '10m', memory: '64Mi' };

/** Pod `index` of a clique: gated until its gang is complete. The same clique and index give the same pod. */
export function makePod(clique: PodClique, index: number, options: PodOptions): Pod {
  const { namespace = '', labels = {}, annotations = {}, uid = '' } = clique.metadata;
  const name = names.pod(clique.metadata.name, index);
  const replica = names.replica(
    labels[GROVE_LABELS.partOf] ?? '',
    Number(labels[GROVE_LABELS.podCliqueSetReplicaIndex]),
  );
  const podSpec = withEnvironment(clique.spec.podSpec, {
    GROVE_PCS_NAME: labels[GROVE_LABELS.partOf] ?? '',
    GROVE_PCS_INDEX: labels[GROVE_LABELS.podCliqueSetReplicaIndex] ?? '',
    GROVE_PCLQ_NAME: clique.metadata.name,
    GROVE_HEADLESS_SERVICE: `${replica}.${namespace}.svc.cluster.local`,
    GROVE_PCLQ_POD_INDEX: String(index),
  });
  const { [WRITTEN_ANNOTATION]: _hash, [TERMINATE_BEFORE_ANNOTATION]: _mark, ...own } = annotations;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: {
        ...labels,
        [GROVE_LABELS.podClique]: clique.metadata.name,
        [GROVE_LABELS.podIndex]: String(index),
      },
      annotations: own,
      ownerReferences: ownedBy('PodClique', clique.metadata.name, uid),
    },
    spec: {
      ...podSpec,
      ...(clique.spec.startsAfter?.length ? startupGate(podSpec, options) : {}),
      schedulerName: podSpec.schedulerName || options.schedulerName,
      schedulingGates: [{ name: POD_GANG_GATE }],
      restartPolicy: 'Always',
      hostname: name,
      subdomain: replica,
    },
  };
}

/** Runs first, and ends when the annotation of the pod says `true`. */
function startupGate(podSpec: PodClique['spec']['podSpec'], options: PodOptions) {
  const { startupGateImage: image, startupGateCommand: program } = options;
  const container = {
    name: 'penstock-startup-gate',
    image,
    ...(program === undefined ? {} : { command: [program] }),
    args: [`--file=${GATE_FOLDER}/allowed`],
    resources: { requests: GATE_RESOURCES, limits: GATE_RESOURCES },
    volumeMounts: [{ name: GATE_VOLUME, mountPath: GATE_FOLDER, readOnly: true }],
  };
  const fieldPath = `metadata.annotations['${START_ALLOWED_ANNOTATION}']`;
  const volume = {
    name: GATE_VOLUME,
    downwardAPI: { items: [{ path: 'allowed', fieldRef: { apiVersion: 'v1', fieldPath } }] },
  };
  return {
    initContainers: [container, ...(podSpec.initContainers ?? [])],
    volumes: [...(podSpec.volumes ?? []), volume],
  };
}
