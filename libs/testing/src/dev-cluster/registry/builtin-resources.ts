import { CUSTOM_RESOURCE_DEFINITIONS } from './custom-resource-definitions.js';
import { defineResource } from './define-resource.js';
import { NAMESPACES } from './namespaces.js';
import { NODES } from './nodes.js';
import { PODS } from './pods.js';
import type { Resource } from './resource.js';
import { SECRETS } from './secrets.js';
import { SERVICES } from './services.js';
import { DAEMON_SETS, DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS } from './workloads.js';

const CONFIG_MAPS = defineResource(
  { group: '', plural: 'configmaps', kind: 'ConfigMap', namespaced: true },
  { shortNames: ['cm'] },
);

const EVENTS = defineResource(
  { group: '', plural: 'events', kind: 'Event', namespaced: true },
  {
    shortNames: ['ev'],
    selectableFields: [
      'involvedObject.kind',
      'involvedObject.namespace',
      'involvedObject.name',
      'involvedObject.uid',
      'reason',
      'type',
    ],
  },
);

const LEASES = defineResource(
  { group: 'coordination.k8s.io', plural: 'leases', kind: 'Lease', namespaced: true },
  { allowUnconditionalUpdate: false },
);

/** Every kind the API serves before any custom resource definition is created. */
export const BUILTIN_RESOURCES: readonly Resource[] = [
  CONFIG_MAPS,
  EVENTS,
  NAMESPACES,
  NODES,
  PODS,
  SECRETS,
  SERVICES,
  LEASES,
  DEPLOYMENTS,
  REPLICA_SETS,
  STATEFUL_SETS,
  DAEMON_SETS,
  CUSTOM_RESOURCE_DEFINITIONS,
];
