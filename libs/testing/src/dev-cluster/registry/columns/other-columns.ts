import type { ApiObject } from '../../object/api-object.js';
import { isObject, valueAt } from '../../object/json.js';
import type { PrinterColumn } from '../resource.js';
import { column, items } from './column.js';

const binding: readonly PrinterColumn[] = [
  column.text('Role', ({ roleRef }) => {
    const role = isObject(roleRef) ? roleRef : {};
    return `${String(role['kind'] ?? '')}/${String(role['name'] ?? '')}`;
  }),
  column.age,
  column.text('Users', (object) => subjects(object, 'User'), 1),
  column.text('Groups', (object) => subjects(object, 'Group'), 1),
  column.text('ServiceAccounts', (object) => subjects(object, 'ServiceAccount'), 1),
];

function subjects(object: ApiObject, kind: string): string {
  const found = items(object['subjects']).filter((subject) => subject['kind'] === kind);
  return found
    .map(({ namespace, name }) =>
      kind === 'ServiceAccount' ? `${String(namespace)}/${String(name)}` : String(name),
    )
    .join(', ');
}

/** Columns of access rules, coordination, scheduling and device allocation. */
export const OTHER_COLUMNS: Readonly<Record<string, readonly PrinterColumn[]>> = {
  roles: [column.createdAt],
  clusterroles: [column.createdAt],
  customresourcedefinitions: [column.createdAt],
  rolebindings: binding,
  clusterrolebindings: binding,
  leases: [column.field('Holder', 'spec.holderIdentity', ''), column.age],
  priorityclasses: [
    column.count('Value', 'value'),
    { name: 'Global-Default', type: 'boolean', value: (object) => object['globalDefault'] ?? false },
    column.age,
    column.field('PreemptionPolicy', 'preemptionPolicy', ''),
  ],
  podgroups: [
    column.text('Policy', ({ spec }) => (valueAt(spec, ['schedulingPolicy', 'gang']) ? 'Gang' : 'Basic')),
    column.field('Workload', 'spec.podGroupTemplateRef.workload.workloadName'),
    column.text('Status', groupStatus),
    column.age,
  ],
  resourceclaims: [column.text('State', claimState), column.age],
  resourceslices: [
    column.text('Node', ({ spec }) =>
      String(spec?.['nodeName'] ?? (spec?.['allNodes'] ? '<all nodes>' : '<some nodes>')),
    ),
    column.field('Driver', 'spec.driver', ''),
    column.field('Pool', 'spec.pool.name', ''),
    column.age,
  ],
  events: [
    column.since('Last Seen', lastSeen),
    column.field('Type', 'type', ''),
    column.field('Reason', 'reason', ''),
    column.text('Object', (event) => {
      const about = isObject(event['involvedObject']) ? event['involvedObject'] : {};
      const kind = String(about['kind'] ?? '').toLowerCase();
      return about['name'] ? `${kind}/${String(about['name'])}` : kind;
    }),
    column.field('Subobject', 'involvedObject.fieldPath', '', 1),
    column.text('Source', eventSource, 1),
    column.text('Message', (event) => String(event['message'] ?? '').trim()),
    column.since('First Seen', (event) => event['firstTimestamp'] ?? event['eventTime'] ?? null, 1),
    column.text('Count', (event) => valueAt(event, ['series', 'count']) ?? (event['count'] || 1), 1),
    column.text('Name', (event) => event.metadata.name, 1),
  ],
};

function lastSeen(event: ApiObject): string | null {
  const at = valueAt(event, ['series', 'lastObservedTime']) ?? event['lastTimestamp'] ?? event['eventTime'];
  return typeof at === 'string' ? at : null;
}

function eventSource(event: ApiObject): string {
  const source = isObject(event['source']) ? event['source'] : {};
  const component = source['component'] ?? event['reportingComponent'] ?? '';
  const host = source['host'] ?? '';
  return [component, host].filter(Boolean).map(String).join(', ');
}

function groupStatus({ status }: ApiObject): string {
  const conditions = items(status?.['conditions']);
  const condition = (type: string) => conditions.find((c) => c['type'] === type);
  const disrupted = condition('DisruptionTarget');
  if (disrupted) return String(disrupted['reason']);
  const scheduled = condition('PodGroupScheduled');
  if (!scheduled) return 'Pending';
  return scheduled['status'] === 'True' ? 'Scheduled' : 'Unschedulable';
}

function claimState({ metadata, status }: ApiObject): string {
  const states = [];
  if (metadata.deletionTimestamp) states.push('deleted');
  if (!status?.['allocation']) return metadata.deletionTimestamp ? states.join(',') : 'pending';
  states.push('allocated');
  if (items(status['reservedFor']).length > 0) states.push('reserved');
  return states.join(',');
}
