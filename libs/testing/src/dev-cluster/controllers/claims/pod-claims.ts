import type { ApiObject, JsonObject } from '../../object/api-object.js';
import { isObject } from '../../object/json.js';

/** One entry of a pod's `spec.resourceClaims`, with the claim that stands for it now. */
export interface PodClaim {
  /** Name within the pod. */
  readonly name: string;
  /** The claim is made from this template, for this pod alone. */
  readonly templateName?: string;
  /** Undefined while there is none. */
  readonly claimName?: string;
}

export function podClaims(pod: ApiObject): PodClaim[] {
  const made = new Map(claimStatuses(pod).map((status) => [status['name'], status['resourceClaimName']]));
  return objects(pod.spec?.['resourceClaims']).map((entry) => {
    const name = String(entry['name']);
    const template = entry['resourceClaimTemplateName'];
    const claim = template ? made.get(name) : entry['resourceClaimName'];
    return {
      name,
      ...(template ? { templateName: String(template) } : {}),
      ...(claim ? { claimName: String(claim) } : {}),
    };
  });
}

export const claimStatuses = (pod: ApiObject): JsonObject[] => objects(pod.status?.['resourceClaimStatuses']);

/** Who uses a claim (`status.reservedFor`). */
export const consumersOf = (claim: ApiObject): JsonObject[] => objects(claim.status?.['reservedFor']);

/** Ended, or deleted before it ever ran: it uses its claims no more. */
export function isDone({ status, metadata, spec }: ApiObject): boolean {
  const hasEnded = ['Succeeded', 'Failed'].includes(String(status?.['phase']));
  return hasEnded || (metadata.deletionTimestamp !== undefined && !spec?.['nodeName']);
}

const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
