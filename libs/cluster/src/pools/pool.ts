import {
  type InferencePool,
  type InferencePoolV1Alpha2,
  inferencePoolSchema,
  inferencePoolV1Alpha2Schema,
  ROUTING_POLICY_ANNOTATION,
} from '@penstock/contracts';

/** An InferencePool of either version in one shape. */
export interface Pool {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** API group of the object it came from. */
  readonly group: string;
  /** Labels that every engine pod carries; never empty. */
  readonly selector: Readonly<Record<string, string>>;
  /** Each port of each pod is one endpoint; the index is its data-parallel rank. */
  readonly targetPorts: readonly number[];
  readonly appProtocol: 'http' | 'kubernetes.io/h2c';
  /** Value of the annotation `penstock.dev/routing-policy`, unchecked. */
  readonly routingPolicy?: string;
}

/** A pool object that cannot be served, and why in one sentence. */
export interface PoolProblem {
  readonly namespace: string;
  readonly name: string;
  readonly problem: string;
}

type Outcome = { readonly pool: Pool } | { readonly problem: PoolProblem };

/** `inference.networking.k8s.io/v1`. */
export function poolOf(object: InferencePool): Outcome {
  const parsed = inferencePoolSchema.safeParse(object);
  if (!parsed.success) return refused(object, parsed.error);
  const { selector, targetPorts, appProtocol } = parsed.data.spec;
  const ports = targetPorts.map((port) => port.number);
  return { pool: { ...identity(object), selector: selector.matchLabels, targetPorts: ports, appProtocol } };
}

/** `inference.networking.x-k8s.io/v1alpha2`, with a flat or a nested selector. */
export function poolOfV1Alpha2(object: InferencePoolV1Alpha2): Outcome {
  const parsed = inferencePoolV1Alpha2Schema.safeParse(object);
  if (!parsed.success) return refused(object, parsed.error);
  const { selector, targetPortNumber } = parsed.data.spec;
  const { matchLabels, ...flat } = selector;
  // The schema admits nothing but labels in the flat form.
  const labels = matchLabels ?? (flat as Record<string, string>);
  return {
    pool: { ...identity(object), selector: labels, targetPorts: [targetPortNumber], appProtocol: 'http' },
  };
}

function identity(object: InferencePool | InferencePoolV1Alpha2) {
  const { namespace, name, uid, annotations } = object.metadata;
  const routingPolicy = annotations?.[ROUTING_POLICY_ANNOTATION];
  return {
    namespace: namespace ?? 'default',
    name,
    uid: uid ?? '',
    group: object.apiVersion.split('/')[0] ?? '',
    ...(routingPolicy === undefined ? {} : { routingPolicy }),
  };
}

function refused(
  object: InferencePool | InferencePoolV1Alpha2,
  error: { readonly issues: ReadonlyArray<{ path: PropertyKey[]; message: string }> },
): Outcome {
  const { namespace = 'default', name } = object.metadata;
  const what = error.issues
    .map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`)
    .join('; ');
  return { problem: { namespace, name, problem: `InferencePool ${namespace}/${name} is invalid: ${what}` } };
}
