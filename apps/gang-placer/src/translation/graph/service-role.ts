import { type DynamoService, ROLE_LABEL } from '@penstock/contracts';
import { flagValue, hasFlag } from './flag-value.js';

export type EngineRole = 'prefill' | 'decode' | 'both';
/** What becomes of a service. */
export type ServiceUse = 'frontend' | 'engine' | 'planner' | 'router';

const ROLES: readonly string[] = ['prefill', 'decode', 'both'];

/** Components that are not engines say so in their type; the oldest graphs only in their name. */
export function serviceUse(name: string, service: DynamoService): ServiceUse {
  const type = (service.componentType ?? '').toLowerCase();
  if (type === 'frontend' || (type === '' && name.toLowerCase() === 'frontend')) return 'frontend';
  if (type === 'planner') return 'planner';
  return type === 'epp' ? 'router' : 'engine';
}

/**
 * The role a service says it has; undefined when it says none. A label counts before the component's type, and that
 * before the worker's flags and environment.
 */
export function statedRole(
  service: DynamoService,
  args: readonly string[],
  env: ReadonlyMap<string, string>,
): EngineRole | undefined {
  const label = service.extraPodMetadata?.labels?.[ROLE_LABEL] ?? service.labels?.[ROLE_LABEL];
  const stated = [
    label,
    service.subComponentType,
    service.componentType,
    flagValue(args, '--disaggregation-mode'),
  ]
    .map((role) => role?.toLowerCase())
    .find((role) => role !== undefined && ROLES.includes(role));
  if (stated) return stated as EngineRole;
  const isTrue = (name: string): boolean => /^(1|true|yes|on)$/i.test(env.get(name) ?? '');
  if (hasFlag(args, '--is-prefill-worker') || isTrue('DYN_VLLM_IS_PREFILL_WORKER')) return 'prefill';
  if (hasFlag(args, '--is-decode-worker') || isTrue('DYN_VLLM_IS_DECODE_WORKER')) return 'decode';
  return undefined;
}
