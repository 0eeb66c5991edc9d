/** Labels of the objects and pods of a PodCliqueSet, as Grove names them. */
export const GROVE_LABELS = {
  appName: 'app.kubernetes.io/name',
  component: 'app.kubernetes.io/component',
  managedBy: 'app.kubernetes.io/managed-by',
  /** Name of the PodCliqueSet. */
  partOf: 'app.kubernetes.io/part-of',
  podClique: 'grove.io/podclique',
  podGang: 'grove.io/podgang',
  /** On what belongs to a scaled PodGang: the gang that must be scheduled before it. */
  basePodGang: 'grove.io/base-podgang',
  podCliqueSetReplicaIndex: 'grove.io/podcliqueset-replica-index',
  podCliqueScalingGroup: 'grove.io/podcliquescalinggroup',
  podCliqueScalingGroupReplicaIndex: 'grove.io/podcliquescalinggroup-replica-index',
  podIndex: 'grove.io/podclique-pod-index',
  podTemplateHash: 'grove.io/pod-template-hash',
  schedulerName: 'grove.io/scheduler-name',
} as const;

/** Value of `app.kubernetes.io/managed-by` on what the gang placer makes. */
export const GANG_PLACER_MANAGER = 'penstock-gang-placer';

/** Scheduler of the pods of a gang whose template names none. */
export const GANG_PLACER_SCHEDULER = 'penstock-gang-placer';

/** Scheduling gate of a pod until its PodGang is complete and its turn has come. */
export const POD_GANG_GATE = 'grove.io/podgang-pending-creation';

/** Annotation of a pod: `true` once the cliques that start before it are ready. */
export const START_ALLOWED_ANNOTATION = 'penstock.dev/start-allowed';

/** Annotation of a pod that is to be deleted once idle: the deadline, RFC 3339. */
export const DRAINING_ANNOTATION = 'penstock.dev/draining';

/** Annotation of a pod: the lower the number, the earlier a scale-down takes it. Absent means 0. */
export const POD_DELETION_COST_ANNOTATION = 'controller.kubernetes.io/pod-deletion-cost';
