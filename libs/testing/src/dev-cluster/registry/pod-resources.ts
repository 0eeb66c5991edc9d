import type { Cause } from '../object/api-error.js';
import type { Json, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { parseQuantity } from '../object/quantity.js';

/**
 * Rules of what one container asks for and may use (core/v1 ResourceRequirements): whole devices only, no request above
 * its limit, and of what cannot be shared out twice exactly the limit.
 *
 * @param path of the container, e.g. `spec.containers[0]`
 */
export function resourceCauses(container: JsonObject, path: string): Cause[] {
  const { limits, requests } = isObject(container['resources']) ? container['resources'] : {};
  const [limited, requested] = [amounts(limits), amounts(requests)];
  const at = (field: string): string => `${path}.resources.${field}`;
  const ofKind = (field: string, list: Map<string, Json>): Cause[] =>
    [...list]
      .filter(([name, amount]) => isExtended(name) && !Number.isInteger(parseQuantity(amount)))
      .map(([name, amount]) => invalid(`${at(field)}[${name}]`, amount, 'must be an integer'));
  const causes = [...ofKind('limits', limited), ...ofKind('requests', requested)];
  if (causes.length > 0) return causes;
  return [...requested].flatMap(([name, amount]): Cause[] => {
    const limit = limited.get(name);
    const isFixed = isExtended(name) || name.startsWith('hugepages-');
    if (limit === undefined) return isFixed ? [unlimited(at('limits'))] : [];
    const difference = parseQuantity(amount) - parseQuantity(limit);
    if (isFixed ? difference === 0 : difference <= 0) return [];
    const rule = isFixed ? 'equal to' : 'less than or equal to';
    return [invalid(at('requests'), amount, `must be ${rule} ${name} limit of ${String(limit)}`)];
  });
}

/** Devices and the like have a domain in their name; those of kubernetes.io are Kubernetes' own. */
const isExtended = (name: string): boolean => name.includes('/') && !name.includes('kubernetes.io/');

const amounts = (list: Json | undefined): Map<string, Json> =>
  new Map(isObject(list) ? (Object.entries(list) as [string, Json][]) : []);

const invalid = (field: string, value: Json, rule: string): Cause => ({
  field,
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${JSON.stringify(String(value))}: ${rule}`,
});

const unlimited = (field: string): Cause => ({
  field,
  reason: 'FieldValueRequired',
  message: 'Required value: Limit must be set for non overcommitable resources',
});
