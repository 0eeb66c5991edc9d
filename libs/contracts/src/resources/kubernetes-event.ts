import { z } from 'zod';
import { kubernetesObject } from './object.js';
import type { ResourceKind } from './resource-kind.js';

/** Core Event: what `kubectl describe` shows about an object. */
export const kubernetesEventSchema = kubernetesObject({
  involvedObject: z.looseObject({
    apiVersion: z.string().optional(),
    kind: z.string().optional(),
    namespace: z.string().optional(),
    name: z.string().optional(),
    uid: z.string().optional(),
  }),
  type: z.string().optional().describe('Normal or Warning'),
  reason: z.string().optional(),
  message: z.string().optional(),
  count: z.int().optional(),
  firstTimestamp: z.string().nullish(),
  lastTimestamp: z.string().nullish(),
  eventTime: z.string().nullish(),
  reportingComponent: z.string().optional(),
  reportingInstance: z.string().optional(),
});

export type KubernetesEvent = z.infer<typeof kubernetesEventSchema>;
export const kubernetesEventKind: ResourceKind<KubernetesEvent> = {
  group: '',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
};
