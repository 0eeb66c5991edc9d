import type { ApiObject, JsonObject } from '../../object/api-object.js';
import { isObject, valueAt } from '../../object/json.js';
import { formatLabelSelector, formatLabels } from '../../object/selector-text.js';
import type { PrinterColumn } from '../resource.js';
import { column, items } from './column.js';

const containers = ({ spec }: ApiObject): JsonObject[] =>
  items(valueAt(spec, ['template', 'spec', 'containers']));
const names = column.text(
  'Containers',
  (o) =>
    containers(o)
      .map((c) => c['name'])
      .join(','),
  1,
);
const images = column.text(
  'Images',
  (o) =>
    containers(o)
      .map((c) => c['image'])
      .join(','),
  1,
);
const selector = column.text('Selector', (o) => formatLabelSelector(o.spec?.['selector']) || '<none>', 1);
const ready = column.text(
  'Ready',
  ({ spec, status }) => `${String(status?.['readyReplicas'] ?? 0)}/${String(spec?.['replicas'] ?? 0)}`,
);

/** Columns of the kinds that keep pods running. */
export const WORKLOAD_COLUMNS: Readonly<Record<string, readonly PrinterColumn[]>> = {
  deployments: [
    ready,
    column.count('Up-to-date', 'status.updatedReplicas', 'string'),
    column.count('Available', 'status.availableReplicas', 'string'),
    column.age,
    names,
    images,
    selector,
  ],
  replicasets: [
    column.count('Desired', 'spec.replicas'),
    column.count('Current', 'status.replicas'),
    column.count('Ready', 'status.readyReplicas'),
    column.age,
    names,
    images,
    selector,
  ],
  statefulsets: [ready, column.age, names, images],
  daemonsets: [
    column.count('Desired', 'status.desiredNumberScheduled'),
    column.count('Current', 'status.currentNumberScheduled'),
    column.count('Ready', 'status.numberReady'),
    column.count('Up-to-date', 'status.updatedNumberScheduled'),
    column.count('Available', 'status.numberAvailable'),
    column.text(
      'Node Selector',
      ({ spec }) => formatLabels(valueAt(spec, ['template', 'spec', 'nodeSelector'])) || '<none>',
    ),
    column.age,
    names,
    images,
    selector,
  ],
  controllerrevisions: [
    column.text('Controller', ({ metadata }) => {
      const owner = metadata.ownerReferences?.find((o) => o.controller === true);
      if (!owner) return '<none>';
      const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : '';
      return `${owner.kind.toLowerCase()}${group}/${owner.name}`;
    }),
    column.count('Revision', 'revision', 'string'),
    column.age,
  ],
  horizontalpodautoscalers: [
    column.text('Reference', ({ spec }) => {
      const target = isObject(spec?.['scaleTargetRef']) ? spec['scaleTargetRef'] : {};
      return `${String(target['kind'] ?? '')}/${String(target['name'] ?? '')}`;
    }),
    column.text('Targets', targets),
    column.field('MinPods', 'spec.minReplicas', '<unset>'),
    column.count('MaxPods', 'spec.maxReplicas', 'string'),
    column.count('Replicas', 'status.currentReplicas', 'string'),
    column.age,
  ],
  poddisruptionbudgets: [
    column.field('Min Available', 'spec.minAvailable', 'N/A'),
    column.field('Max Unavailable', 'spec.maxUnavailable', 'N/A'),
    column.count('Allowed Disruptions', 'status.disruptionsAllowed'),
    column.age,
  ],
};

/** `cpu: 12%/80%` for each metric, the present value before the wanted one. */
function targets({ spec, status }: ApiObject): string {
  const current = items(status?.['currentMetrics']);
  const texts = items(spec?.['metrics']).map((metric, i) => {
    const part = String(metric['type'] ?? '');
    const source = metric[part.charAt(0).toLowerCase() + part.slice(1)];
    const now = current[i]?.[part.charAt(0).toLowerCase() + part.slice(1)];
    const value = (of: unknown, field: string): string => {
      const found = isObject(of) && isObject(of[field]) ? of[field] : {};
      const utilization = found['averageUtilization'];
      if (utilization !== undefined) return `${String(utilization)}%`;
      return String(found['averageValue'] ?? found['value'] ?? '<unknown>');
    };
    const name = part === 'Resource' && isObject(source) ? `${String(source['name'])}: ` : '';
    return `${name}${value(now, 'current')}/${value(source, 'target')}`;
  });
  return texts.join(', ') || '<none>';
}
