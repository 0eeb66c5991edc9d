import type { ApiObject, Json } from '../../object/api-object.js';
import { isObject, valueAt } from '../../object/json.js';
import { formatLabels } from '../../object/selector-text.js';
import type { PrinterColumn } from '../resource.js';
import { column, items } from './column.js';
import { POD_COLUMNS } from './pod-columns.js';

const dataCount = (object: ApiObject): number =>
  [object['data'], object['binaryData']].reduce<number>(
    (sum, data) => sum + (isObject(data) ? Object.keys(data).length : 0),
    0,
  );

/** Columns of the core kinds. */
export const CORE_COLUMNS: Readonly<Record<string, readonly PrinterColumn[]>> = {
  pods: POD_COLUMNS,
  nodes: [
    column.text('Status', nodeStatus),
    column.text('Roles', nodeRoles),
    column.age,
    column.field('Version', 'status.nodeInfo.kubeletVersion', ''),
    column.text('Internal-IP', (node) => address(node, 'InternalIP'), 1),
    column.text('External-IP', (node) => address(node, 'ExternalIP'), 1),
    column.text('OS-Image', (node) => info(node, 'osImage'), 1),
    column.text('Kernel-Version', (node) => info(node, 'kernelVersion'), 1),
    column.text('Container-Runtime', (node) => info(node, 'containerRuntimeVersion'), 1),
  ],
  namespaces: [column.field('Status', 'status.phase', ''), column.age],
  configmaps: [column.text('Data', dataCount), column.age],
  secrets: [column.field('Type', 'type', ''), column.text('Data', dataCount), column.age],
  serviceaccounts: [column.age],
  services: [
    column.field('Type', 'spec.type', ''),
    column.field('Cluster-IP', 'spec.clusterIP', '<none>'),
    column.text('External-IP', externalAddress),
    column.text('Port(s)', servicePorts),
    column.age,
    column.text('Selector', ({ spec }) => formatLabels(spec?.['selector']) || '<none>', 1),
  ],
  endpoints: [column.text('Endpoints', endpointAddresses), column.age],
  persistentvolumeclaims: [
    column.text('Status', ({ metadata, status }) =>
      metadata.deletionTimestamp ? 'Terminating' : String(status?.['phase'] ?? ''),
    ),
    column.field('Volume', 'spec.volumeName', ''),
    column.text('Capacity', ({ status }) => valueAt(status, ['capacity', 'storage']) ?? ''),
    column.text('Access Modes', ({ status }) => accessModes(status?.['accessModes'])),
    column.field('StorageClass', 'spec.storageClassName', ''),
    column.field('VolumeAttributesClass', 'spec.volumeAttributesClassName', '<unset>'),
    column.age,
    column.field('VolumeMode', 'spec.volumeMode', '<unset>', 1),
  ],
  endpointslices: [
    column.field('AddressType', 'addressType', ''),
    column.text(
      'Ports',
      (slice) =>
        items(slice['ports'])
          .map((p) => p['port'] ?? '*')
          .join(',') || '<unset>',
    ),
    column.text(
      'Endpoints',
      (slice) => firstThree(items(slice['endpoints']).flatMap((e) => strings(e['addresses']))) || '<unset>',
    ),
    column.age,
  ],
};

const strings = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(String) : []);

const firstThree = (values: readonly string[]): string =>
  values.length > 3 ? `${values.slice(0, 3).join(',')} + ${values.length - 3} more...` : values.join(',');

function nodeStatus(node: ApiObject): string {
  const ready = items(node.status?.['conditions']).find((c) => c['type'] === 'Ready');
  const status = !ready ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady';
  return node.spec?.['unschedulable'] ? `${status},SchedulingDisabled` : status;
}

function nodeRoles({ metadata: { labels = {} } }: ApiObject): string {
  const prefix = 'node-role.kubernetes.io/';
  const roles = Object.keys(labels).flatMap((key) => {
    if (key.startsWith(prefix)) return [key.slice(prefix.length)];
    return key === 'kubernetes.io/role' ? [labels[key] ?? ''] : [];
  });
  return roles.filter(Boolean).sort().join(',') || '<none>';
}

const address = (node: ApiObject, type: string): string =>
  String(items(node.status?.['addresses']).find((a) => a['type'] === type)?.['address'] ?? '<none>');

const info = (node: ApiObject, field: string): string =>
  String(valueAt(node.status, ['nodeInfo', field]) || '<unknown>');

function externalAddress({ spec, status }: ApiObject): string {
  const ingress = items(valueAt(status, ['loadBalancer', 'ingress'])).map((i) =>
    String(i['ip'] ?? i['hostname']),
  );
  const external = strings(spec?.['externalIPs']);
  if (spec?.['type'] === 'ExternalName') return String(spec['externalName'] ?? '');
  if (spec?.['type'] === 'LoadBalancer') return [...ingress, ...external].join(',') || '<pending>';
  return external.join(',') || '<none>';
}

function servicePorts({ spec }: ApiObject): string {
  const texts = items(spec?.['ports']).map(
    ({ port, nodePort, protocol }) =>
      `${String(port)}${nodePort ? `:${String(nodePort)}` : ''}/${String(protocol)}`,
  );
  return texts.join(',') || '<none>';
}

function endpointAddresses(endpoints: ApiObject): string {
  const pairs = items(endpoints['subsets']).flatMap((subset) =>
    items(subset['addresses']).flatMap((a) => {
      const ports = items(subset['ports']);
      return ports.length === 0
        ? [String(a['ip'])]
        : ports.map((p) => `${String(a['ip'])}:${String(p['port'])}`);
    }),
  );
  return firstThree(pairs) || '<none>';
}

function accessModes(modes: Json | undefined): string {
  const short: Readonly<Record<string, string>> = {
    ReadWriteOnce: 'RWO',
    ReadOnlyMany: 'ROX',
    ReadWriteMany: 'RWX',
    ReadWriteOncePod: 'RWOP',
  };
  return strings(modes)
    .map((mode) => short[mode] ?? mode)
    .join(',');
}
