import type { ApiObject, Json, JsonObject } from '../../object/api-object.js';
import { isObject, valueAt } from '../../object/json.js';
import { TEMPLATE_GENERATION } from '../../registry/count-templates.js';
import { controllerReference } from './controlled-objects.js';

/** The label that names the ControllerRevision a pod was made from. */
export const REVISION_HASH_LABEL = 'controller-revision-hash';
/** The label with the API server's count of templates. */
const TEMPLATE_GENERATION_LABEL = 'pod-template-generation';

/** What pods of a DaemonSet stay or start under, as kube-controller-manager adds it. */
const TOLERATED: readonly (readonly [taint: string, effect: string])[] = [
  ['not-ready', 'NoExecute'],
  ['unreachable', 'NoExecute'],
  ['disk-pressure', 'NoSchedule'],
  ['memory-pressure', 'NoSchedule'],
  ['pid-pressure', 'NoSchedule'],
  ['unschedulable', 'NoSchedule'],
];
/** Who uses the network of the node needs no other. */
const TOLERATED_ON_HOST_NETWORK = ['network-unavailable', 'NoSchedule'] as const;

/**
 * The pod of a DaemonSet for one node: its template, tied to the node by an affinity that only the scheduler reads,
 * with the tolerations of daemons. The scheduler still binds it.
 *
 * @param hash names the revision of the template
 */
export function daemonSetPod(set: ApiObject, nodeName: string, hash: string): JsonObject {
  const template = objectAt(set.spec, ['template']);
  const { labels, annotations, finalizers } = objectAt(template, ['metadata']);
  const spec = objectAt(template, ['spec']);
  const generation = set.metadata.annotations?.[TEMPLATE_GENERATION];
  return structuredClone({
    metadata: {
      generateName: `${set.metadata.name}-`,
      namespace: set.metadata.namespace,
      labels: {
        ...(isObject(labels) ? labels : {}),
        ...(generation ? { [TEMPLATE_GENERATION_LABEL]: generation } : {}),
        [REVISION_HASH_LABEL]: hash,
      },
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [controllerReference(set)],
    },
    spec: { ...spec, affinity: onlyOn(nodeName, spec['affinity']), tolerations: daemonTolerations(spec) },
  });
}

/** The tolerations of a template's pod spec and those that every daemon has. */
export function daemonTolerations(spec: JsonObject): JsonObject[] {
  const own = Array.isArray(spec['tolerations']) ? spec['tolerations'].filter(isObject) : [];
  const taints = spec['hostNetwork'] === true ? [...TOLERATED, TOLERATED_ON_HOST_NETWORK] : TOLERATED;
  const added = taints.map(([taint, effect]) => ({
    key: `node.kubernetes.io/${taint}`,
    operator: 'Exists',
    effect,
  }));
  const isAdded = (toleration: JsonObject): boolean =>
    added.some(
      ({ key, operator, effect }) =>
        toleration['key'] === key &&
        toleration['operator'] === operator &&
        toleration['effect'] === effect &&
        !toleration['value'],
    );
  return [...own.filter((toleration) => !isAdded(toleration)), ...added];
}

/** Whether a pod was made from a DaemonSet's present template. */
export function isUpdatedPod(set: ApiObject, { metadata: { labels } }: ApiObject, hash: string): boolean {
  const generation = set.metadata.annotations?.[TEMPLATE_GENERATION];
  return (
    labels?.[REVISION_HASH_LABEL] === hash ||
    (generation !== undefined && labels?.[TEMPLATE_GENERATION_LABEL] === generation)
  );
}

/** Required terms of the template decided which nodes get pods; in the pod the node's name takes their place. */
function onlyOn(nodeName: string, affinity: Json | undefined): JsonObject {
  const given = isObject(affinity) ? affinity : {};
  const nodeAffinity = objectAt(given, ['nodeAffinity']);
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [nodeName] }];
  const required = { nodeSelectorTerms: [{ matchFields }] };
  return {
    ...given,
    nodeAffinity: { ...nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: required },
  };
}

function objectAt(object: JsonObject | undefined, path: readonly string[]): JsonObject {
  const value = valueAt(object, path);
  return isObject(value) ? value : {};
}
