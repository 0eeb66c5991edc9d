import type { ApiObject, JsonObject } from '../object/api-object.js';
import { refuse } from '../object/refusals.js';
import { resourceKey } from '../registry/resource.js';
import type { ClusterState, Target } from './cluster-state.js';

const CLASSES = 'priorityclasses.scheduling.k8s.io';

/** What the API server's admission decides about a new object from other objects, in place. @throws ApiError 403 */
export function admitNew(state: ClusterState, target: Target, object: ApiObject): void {
  const key = resourceKey(target.resource);
  if (key === 'pods') {
    setPriority(state, target, object);
    tolerateShortOutages(object);
  } else if (key === 'podgroups.scheduling.k8s.io') setPriority(state, target, object);
  else if (key === CLASSES && object['globalDefault'] === true) refuseSecondDefault(state, target, object);
}

/** The number that a priority class stands for; pods that name none get the default class, or 0. */
function setPriority(state: ClusterState, { resource }: Target, object: ApiObject): void {
  const spec: JsonObject = { ...object.spec };
  const { name } = object.metadata;
  const asked = spec['priorityClassName'];
  const found = asked ? state.store.get(CLASSES, undefined, String(asked)) : defaultClass(state);
  if (asked && !found)
    throw refuse.forbidden(resource, name, `no PriorityClass with name ${String(asked)} was found`);
  const priority = Number(found?.['value'] ?? 0);
  if (spec['priority'] !== undefined && spec['priority'] !== priority) {
    const why =
      object.kind === 'Pod'
        ? `the integer value of priority (${String(spec['priority'])}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`
        : `priority set in the pod group (${String(spec['priority'])}) must match the priority computed (${priority}) based on the priority class set in the spec`;
    throw refuse.forbidden(resource, name, why);
  }
  spec['priority'] = priority;
  if (found && !asked) spec['priorityClassName'] = found.metadata.name;
  if (object.kind === 'Pod') spec['preemptionPolicy'] = found?.['preemptionPolicy'] ?? 'PreemptLowerPriority';
  object.spec = spec;
}

const defaultClass = ({ store }: ClusterState): ApiObject | undefined =>
  store
    .list(CLASSES)
    .filter((candidate) => candidate['globalDefault'] === true)
    .sort((a, b) => Number(a['value']) - Number(b['value']))[0];

function refuseSecondDefault(state: ClusterState, { resource }: Target, object: ApiObject): void {
  const other = defaultClass(state);
  if (!other || other.metadata.name === object.metadata.name) return;
  const why = `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`;
  throw refuse.forbidden(resource, object.metadata.name, why);
}

/** A pod stays for five minutes on a node that is lost, unless it says otherwise. */
function tolerateShortOutages(pod: ApiObject): void {
  const tolerations = Array.isArray(pod.spec?.['tolerations']) ? [...pod.spec['tolerations']] : [];
  for (const name of ['not-ready', 'unreachable']) {
    const key = `node.kubernetes.io/${name}`;
    const isKnown = tolerations.some(
      (t) =>
        typeof t === 'object' &&
        t !== null &&
        !Array.isArray(t) &&
        (t['key'] === key || !t['key']) &&
        (t['effect'] === 'NoExecute' || !t['effect']),
    );
    if (!isKnown) tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
  }
  pod.spec = { ...pod.spec, tolerations };
}
