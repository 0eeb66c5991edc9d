import type { ConfigDefinition } from '@penstock/platform';
import { config as autoscaler } from '../../../autoscaler/src/config.js';
import { config as gangPlacer } from '../../../gang-placer/src/config.js';
import { config as kvIndex } from '../../../kv-index/src/config.js';
import { config as kvNode } from '../../../kv-node/src/config.js';
import { config as kvOffload } from '../../../kv-offload/src/config.js';
import { config as scheduler } from '../../../scheduler/src/config.js';

/** The settings of every service, by the name of its component in the chart. */
export const SERVICE_CONFIGS: Readonly<Record<string, ConfigDefinition>> = {
  autoscaler,
  'gang-placer': gangPlacer,
  'kv-index': kvIndex,
  'kv-node': kvNode,
  'kv-offload': kvOffload,
  scheduler,
} as unknown as Record<string, ConfigDefinition>;
