import { hostPortResource } from './host-port.js';
import { quantityUnits } from './quantity.js';
import type { ResourceAmounts } from './types.js';

type Quantities = Readonly<Record<string, string | number>>;

interface Resources {
  readonly requests?: Quantities;
  readonly limits?: Quantities;
}

interface Container {
  readonly resources?: Resources;
  /** `Always` on an init container: it runs beside the containers from then on. */
  readonly restartPolicy?: string;
  readonly ports?: ReadonlyArray<{ readonly hostPort?: number; readonly protocol?: string }>;
}

/** The part of a pod's spec that says what it needs. */
export interface PodResources {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly overhead?: Quantities;
  readonly resources?: Resources;
}

/**
 * What a pod takes from its node, as Kubernetes counts it: the containers and sidecars together or the largest
 * moment of start-up, whichever is more; requests of the pod as a whole replace both; overhead comes on top.
 * One `pods` and the host ports are part of it. Throws for a quantity that is none.
 */
export function podRequests(spec: PodResources): ResourceAmounts {
  const total = sum(spec.containers.map(requestsOf));
  const sidecars: Record<string, number> = {};
  const startUp: Record<string, number> = {};
  for (const container of spec.initContainers ?? []) {
    const requests = requestsOf(container);
    if (container.restartPolicy === 'Always') add(sidecars, requests);
    const now = container.restartPolicy === 'Always' ? sidecars : sum([sidecars, requests]);
    for (const [name, amount] of Object.entries(now)) startUp[name] = Math.max(startUp[name] ?? 0, amount);
  }
  add(total, sidecars);
  for (const [name, amount] of Object.entries(startUp)) total[name] = Math.max(total[name] ?? 0, amount);
  Object.assign(total, amountsOf(spec.resources));
  add(total, units(spec.overhead));
  for (const { ports } of [...spec.containers, ...(spec.initContainers ?? [])]) {
    for (const { hostPort, protocol } of ports ?? []) {
      if (hostPort) total[hostPortResource(hostPort, protocol)] = 1;
    }
  }
  total['pods'] = 1;
  for (const [name, amount] of Object.entries(total)) if (amount === 0) delete total[name];
  return total;
}

function requestsOf(container: Container): Record<string, number> {
  return amountsOf(container.resources);
}

/** A limit without a request asks for as much. */
function amountsOf(resources: Resources | undefined): Record<string, number> {
  return { ...units(resources?.limits), ...units(resources?.requests) };
}

function units(quantities: Quantities | undefined): Record<string, number> {
  return Object.fromEntries(
    Object.entries(quantities ?? {}).map(([name, quantity]) => [name, quantityUnits(name, quantity, 'up')]),
  );
}

function sum(amounts: readonly ResourceAmounts[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const amount of amounts) add(total, amount);
  return total;
}

function add(total: Record<string, number>, amounts: ResourceAmounts): void {
  for (const [name, amount] of Object.entries(amounts)) total[name] = (total[name] ?? 0) + amount;
}
