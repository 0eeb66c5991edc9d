import { CUSTOM_RESOURCES, customResourceDefinition } from '@penstock/contracts';

const GROUPS = ['inference.networking.k8s.io', 'inference.networking.x-k8s.io', 'llm-d.ai', 'llmd.ai'];

/** Definitions of what the scheduler reads. */
export const DEFINITIONS = CUSTOM_RESOURCES.filter(({ resource }) => GROUPS.includes(resource.group)).map(
  customResourceDefinition,
);
