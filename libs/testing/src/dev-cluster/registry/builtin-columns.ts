import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import { isObject, splitPath, valueAt } from '../object/json.js';
import { formatLabelSelector, formatLabels } from '../object/selector-text.js';
import type { PrinterColumn } from './resource.js';

const text = (name: string, value: PrinterColumn['value'], priority = 0): PrinterColumn => ({
  name,
  type: 'string',
  priority,
  value,
});
const field = (name: string, path: string, missing = '<none>', priority = 0): PrinterColumn =>
  text(name, (object) => valueAt(object, splitPath(path)) ?? missing, priority);
const AGE: PrinterColumn = {
  name: 'Age',
  type: 'date',
  value: (object) => object.metadata.creationTimestamp,
};

const list = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const dataCount = (object: ApiObject): number =>
  Object.keys(isObject(object['data']) ? object['data'] : {}).length;

function podStatus(pod: ApiObject): string {
  if (pod.metadata.deletionTimestamp) return 'Terminating';
  for (const container of list(pod.status?.['containerStatuses'])) {
    const waiting = valueAt(container, ['state', 'waiting', 'reason']);
    const ended = valueAt(container, ['state', 'terminated', 'reason']);
    if (waiting ?? ended) return String(waiting ?? ended);
  }
  const gates = pod.spec?.['schedulingGates'];
  if (Array.isArray(gates) && gates.length > 0) return 'SchedulingGated';
  return String(pod.status?.['phase'] ?? 'Unknown');
}

function nodeStatus(node: ApiObject): string {
  const ready = list(node.status?.['conditions']).find((c) => c['type'] === 'Ready');
  const status = ready?.['status'] === 'True' ? 'Ready' : 'NotReady';
  return node.spec?.['unschedulable'] ? `${status},SchedulingDisabled` : status;
}

const count = (name: string, path: string): PrinterColumn => ({
  name,
  type: 'integer',
  value: (object) => valueAt(object, splitPath(path)) ?? 0,
});
const templateContainers = ({ spec }: ApiObject): JsonObject[] =>
  list(valueAt(spec, ['template', 'spec', 'containers']));
const CONTAINERS = text(
  'Containers',
  (o) =>
    templateContainers(o)
      .map((c) => c['name'])
      .join(','),
  1,
);
const IMAGES = text(
  'Images',
  (o) =>
    templateContainers(o)
      .map((c) => c['image'])
      .join(','),
  1,
);
const SELECTOR = text('Selector', (o) => formatLabelSelector(o.spec?.['selector']) || '<none>', 1);
const readyOf = (object: ApiObject): string =>
  `${String(object.status?.['readyReplicas'] ?? 0)}/${String(object.spec?.['replicas'] ?? 0)}`;

/** Table columns of the built-in kinds, by resource; Name comes first everywhere. */
export const BUILTIN_COLUMNS: Readonly<Record<string, readonly PrinterColumn[]>> = {
  pods: [
    text('Ready', ({ spec, status }) => {
      const ready = list(status?.['containerStatuses']).filter((c) => c['ready'] === true).length;
      return `${ready}/${list(spec?.['containers']).length}`;
    }),
    text('Status', podStatus),
    text('Restarts', ({ status }) =>
      String(list(status?.['containerStatuses']).reduce((sum, c) => sum + Number(c['restartCount'] ?? 0), 0)),
    ),
    AGE,
    field('IP', 'status.podIP', '<none>', 1),
    field('Node', 'spec.nodeName', '<none>', 1),
  ],
  nodes: [
    text('Status', nodeStatus),
    text('GPUs', (node) => valueAt(node, ['status', 'allocatable', 'nvidia.com/gpu']) ?? '0', 1),
    AGE,
  ],
  namespaces: [field('Status', 'status.phase'), AGE],
  configmaps: [text('Data', dataCount), AGE],
  secrets: [field('Type', 'type'), text('Data', dataCount), AGE],
  services: [
    field('Type', 'spec.type'),
    field('Cluster-IP', 'spec.clusterIP'),
    text(
      'Port(s)',
      ({ spec }) =>
        list(spec?.['ports'])
          .map((p) => `${p['port']}/${p['protocol']}`)
          .join(',') || '<none>',
    ),
    AGE,
  ],
  events: [
    {
      name: 'Last Seen',
      type: 'date',
      value: (event) => event['lastTimestamp'] ?? event.metadata.creationTimestamp,
    },
    field('Type', 'type'),
    field('Reason', 'reason'),
    text('Object', (event) => {
      const about = isObject(event['involvedObject']) ? event['involvedObject'] : {};
      return `${String(about['kind'] ?? '').toLowerCase()}/${String(about['name'] ?? '')}`;
    }),
    field('Message', 'message'),
  ],
  leases: [field('Holder', 'spec.holderIdentity'), AGE],
  deployments: [
    text('Ready', readyOf),
    count('Up-to-date', 'status.updatedReplicas'),
    count('Available', 'status.availableReplicas'),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  replicasets: [
    count('Desired', 'spec.replicas'),
    count('Current', 'status.replicas'),
    count('Ready', 'status.readyReplicas'),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  statefulsets: [text('Ready', readyOf), AGE, CONTAINERS, IMAGES],
  daemonsets: [
    count('Desired', 'status.desiredNumberScheduled'),
    count('Current', 'status.currentNumberScheduled'),
    count('Ready', 'status.numberReady'),
    count('Up-to-date', 'status.updatedNumberScheduled'),
    count('Available', 'status.numberAvailable'),
    text(
      'Node Selector',
      (o) => formatLabels(valueAt(o.spec, ['template', 'spec', 'nodeSelector'])) || '<none>',
    ),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  customresourcedefinitions: [text('Created At', (object) => object.metadata.creationTimestamp)],
};
