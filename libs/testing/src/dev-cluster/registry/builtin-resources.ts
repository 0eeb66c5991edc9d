import { ACCESS_KINDS } from './access-kinds.js';
import { AUTOSCALING_KINDS } from './autoscaling-kinds.js';
import { CORE_KINDS } from './core-kinds.js';
import { CUSTOM_RESOURCE_DEFINITIONS } from './custom-resource-definitions.js';
import { DEVICE_KINDS } from './device-kinds.js';
import { EVENT_VIEWS } from './event-view.js';
import { NAMESPACES } from './namespaces.js';
import { NODES } from './nodes.js';
import { PODS } from './pods.js';
import type { Resource } from './resource.js';
import { REVIEW_KINDS } from './review-kinds.js';
import { SCHEDULING_KINDS } from './scheduling-kinds.js';
import { SERVICES } from './services.js';
import { WORKLOAD_KINDS } from './workload-kinds.js';

/** Every kind the API serves before any custom resource definition is created. */
export const BUILTIN_RESOURCES: readonly Resource[] = [
  NAMESPACES,
  NODES,
  PODS,
  SERVICES,
  ...CORE_KINDS,
  ...WORKLOAD_KINDS,
  EVENT_VIEWS,
  ...REVIEW_KINDS,
  ...AUTOSCALING_KINDS,
  ...ACCESS_KINDS,
  ...SCHEDULING_KINDS,
  ...DEVICE_KINDS,
  CUSTOM_RESOURCE_DEFINITIONS,
];
