/** Annotation of an InferencePool: name of the routing policy that its requests use. */
export const ROUTING_POLICY_ANNOTATION = 'penstock.dev/routing-policy';

/** Annotations of an engine pod that limit which of its target ports serve; newest name first. */
export const ACTIVE_PORTS_ANNOTATIONS = [
  'llm-d.ai/active-ports',
  'inference.networking.k8s.io/active-ports',
] as const;

/** Label of an engine pod: `prefill`, `decode` or `both`. */
export const ROLE_LABEL = 'llm-d.ai/role';

/** Names of the container ports on which an engine publishes and replays KV events. */
export const KV_EVENTS_PORT = 'kv-events';
export const KV_REPLAY_PORT = 'kv-replay';

/** Annotation of an engine pod: how many data-parallel ranks run in it, each with a KV cache of its own. */
export const DATA_PARALLEL_ANNOTATION = 'penstock.dev/data-parallel-size';

/** Annotation of a VariantAutoscaling: name of the InferencePool, in its namespace, that its engines serve. */
export const POOL_ANNOTATION = 'penstock.dev/pool';
