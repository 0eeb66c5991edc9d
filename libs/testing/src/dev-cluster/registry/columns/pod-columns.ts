import type { ApiObject, Json, JsonObject } from '../../object/api-object.js';
import { formatAge } from '../../object/format-age.js';
import { isObject, valueAt } from '../../object/json.js';
import type { PrinterColumn } from '../resource.js';
import { column, items } from './column.js';

/** What `kubectl get pods` shows. */
export const POD_COLUMNS: readonly PrinterColumn[] = [
  column.text('Ready', ({ spec, status }) => {
    const sidecars = sidecarNames(spec);
    const statuses = [
      ...items(status?.['containerStatuses']),
      ...items(status?.['initContainerStatuses']).filter((c) => sidecars.has(String(c['name']))),
    ];
    const isReady = (c: JsonObject): boolean =>
      c['ready'] === true && valueAt(c, ['state', 'running']) !== undefined;
    return `${statuses.filter(isReady).length}/${items(spec?.['containers']).length + sidecars.size}`;
  }),
  column.text('Status', podStatus),
  column.text('Restarts', restarts),
  column.age,
  column.field('IP', 'status.podIP', '<none>', 1),
  column.text('Node', ({ spec }) => String(spec?.['nodeName'] || '<none>'), 1),
  column.field('Nominated Node', 'status.nominatedNodeName', '<none>', 1),
  column.text('Readiness Gates', readinessGates, 1),
];

const sidecarNames = (spec: JsonObject | undefined): Set<string> =>
  new Set(
    items(spec?.['initContainers'])
      .filter((c) => c['restartPolicy'] === 'Always')
      .map((c) => String(c['name'])),
  );

/** One word for the state of a pod, from its conditions and containers. */
function podStatus(pod: ApiObject): string {
  const { status = {}, spec } = pod;
  let word = String(status['reason'] || status['phase'] || 'Unknown');
  const scheduled = items(status['conditions']).find((c) => c['type'] === 'PodScheduled');
  if (scheduled?.['reason'] === 'SchedulingGated') word = 'SchedulingGated';
  const initializing = initStatus(items(status['initContainerStatuses']), sidecarNames(spec), spec);
  word = initializing ?? containerStatus(items(status['containerStatuses']), status, word);
  if (!pod.metadata.deletionTimestamp) return word;
  if (status['reason'] === 'NodeLost') return 'Unknown';
  return ['Succeeded', 'Failed'].includes(String(status['phase'])) ? word : 'Terminating';
}

function initStatus(
  statuses: readonly JsonObject[],
  sidecars: ReadonlySet<string>,
  spec: JsonObject | undefined,
): string | undefined {
  for (const [i, container] of statuses.entries()) {
    const ended = valueAt(container, ['state', 'terminated']);
    const waiting = valueAt(container, ['state', 'waiting', 'reason']);
    if (isObject(ended) && ended['exitCode'] === 0) continue;
    if (sidecars.has(String(container['name'])) && container['started'] === true) continue;
    if (isObject(ended)) return `Init:${endedReason(ended)}`;
    if (waiting && waiting !== 'PodInitializing') return `Init:${String(waiting)}`;
    return `Init:${i}/${items(spec?.['initContainers']).length}`;
  }
  return undefined;
}

function endedReason(ended: JsonObject): string {
  if (ended['reason']) return String(ended['reason']);
  return ended['signal'] ? `Signal:${String(ended['signal'])}` : `ExitCode:${String(ended['exitCode'])}`;
}

function containerStatus(statuses: readonly JsonObject[], status: JsonObject, phase: string): string {
  let word = phase;
  let hasRunning = false;
  for (const container of [...statuses].reverse()) {
    const waiting = valueAt(container, ['state', 'waiting', 'reason']);
    const ended = valueAt(container, ['state', 'terminated']);
    if (waiting) word = String(waiting);
    else if (isObject(ended)) word = endedReason(ended);
    else if (container['ready'] === true && valueAt(container, ['state', 'running'])) hasRunning = true;
  }
  if (word !== 'Completed' || !hasRunning) return word;
  const isReady = items(status['conditions']).some((c) => c['type'] === 'Ready' && c['status'] === 'True');
  return isReady ? 'Running' : 'NotReady';
}

function restarts({ status }: ApiObject): string {
  const statuses = [...items(status?.['initContainerStatuses']), ...items(status?.['containerStatuses'])];
  const count = statuses.reduce((sum, c) => sum + Number(c['restartCount'] ?? 0), 0);
  const times = statuses
    .map((c): Json | undefined => valueAt(c, ['lastState', 'terminated', 'finishedAt']))
    .map((at) => Date.parse(String(at)))
    .filter((at) => !Number.isNaN(at));
  return count > 0 && times.length > 0
    ? `${count} (${formatAge(Date.now() - Math.max(...times))} ago)`
    : String(count);
}

function readinessGates({ spec, status }: ApiObject): string {
  const gates = items(spec?.['readinessGates']);
  if (gates.length === 0) return '<none>';
  const conditions = items(status?.['conditions']);
  const open = gates.filter((gate) =>
    conditions.some((c) => c['type'] === gate['conditionType'] && c['status'] === 'True'),
  );
  return `${open.length}/${gates.length}`;
}
