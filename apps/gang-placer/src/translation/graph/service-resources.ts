import type { DynamoService } from '@penstock/contracts';
import type { TranslationProblem } from '../translation.js';

type Quantities = Record<string, string>;
export interface ContainerResources {
  readonly requests?: Quantities;
  readonly limits?: Quantities;
}

const QUANTITY = /^\d+(\.\d+)?([EPTGMk]i?|m)?$/;
const COUNT = /^[1-9]\d*$/;
const KNOWN = new Set(['cpu', 'memory', 'gpu', 'gpuType', 'custom']);

/**
 * Resources of a service's container. `gpu` counts devices of `gpuType` (nvidia.com/gpu) and is a request and a limit
 * at once, as Kubernetes wants it for devices; `custom` names resources as they are.
 */
export function serviceResources(
  field: string,
  resources: DynamoService['resources'],
): { resources: ContainerResources; problems: TranslationProblem[] } {
  const problems: TranslationProblem[] = [];
  const side = (name: 'requests' | 'limits'): Quantities => {
    const wanted = (resources?.[name] ?? {}) as Record<string, unknown>;
    const found: Quantities = {};
    const add = (key: string, resource: string, value: unknown, pattern: RegExp, example: string): void => {
      if (value === undefined || value === null) return;
      const text = String(value);
      if (pattern.test(text)) found[resource] = text;
      else
        problems.push({
          field: `${field}.${name}.${key}`,
          message: `is ${JSON.stringify(value)}: write ${example}`,
        });
    };
    add('cpu', 'cpu', wanted['cpu'], QUANTITY, 'a quantity such as "4" or "500m"');
    add('memory', 'memory', wanted['memory'], QUANTITY, 'a quantity such as "16Gi"');
    if (String(wanted['gpu'] ?? '0') !== '0') {
      const type = String(wanted['gpuType'] ?? 'nvidia.com/gpu');
      add('gpu', type, wanted['gpu'], COUNT, 'a whole number of devices such as "1"');
    }
    for (const [key, value] of Object.entries((wanted['custom'] ?? {}) as object)) {
      add(`custom.${key}`, key, value, QUANTITY, 'a quantity such as "1"');
    }
    for (const key of Object.keys(wanted)) {
      if (KNOWN.has(key)) continue;
      const message = `is not a resource: write ${[...KNOWN].join(', ')}; a resource of another name belongs under custom`;
      problems.push({ field: `${field}.${name}.${key}`, message });
    }
    return found;
  };
  const requests = side('requests');
  const limits = side('limits');
  for (const resource of new Set([...Object.keys(requests), ...Object.keys(limits)])) {
    if (!resource.includes('/')) continue;
    const count = limits[resource] ?? requests[resource];
    if (count !== undefined) requests[resource] = limits[resource] = count;
  }
  const isEmpty = (quantities: Quantities): boolean => Object.keys(quantities).length === 0;
  return {
    resources: { ...(isEmpty(requests) ? {} : { requests }), ...(isEmpty(limits) ? {} : { limits }) },
    problems,
  };
}
