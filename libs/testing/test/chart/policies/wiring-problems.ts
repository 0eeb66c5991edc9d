import { idOf, type RenderedObject } from '../rendered-object.js';
import { selects, type Workload, workloadsOf } from './workload.js';

type Labels = Readonly<Record<string, string>>;
interface ServiceSpec {
  readonly selector?: Labels;
  readonly ports: readonly {
    readonly name?: string;
    readonly port: number;
    readonly targetPort?: string | number;
  }[];
}

/**
 * What does not fit together among the objects of a release, one line each: selectors that miss the pods, Services
 * without pods or ports, budgets and monitors of nothing, budgets that let no pod go, accounts that are not there.
 */
export function wiringProblems(objects: readonly RenderedObject[]): string[] {
  const workloads = workloadsOf(objects);
  const problems: string[] = [];
  for (const workload of workloads) problems.push(...workloadProblems(workload, objects));
  for (const object of objects) {
    const id = idOf(object);
    if (object.metadata.name.length > 63)
      problems.push(`${id}: the name has ${object.metadata.name.length} characters`);
    if (object.kind === 'Service') problems.push(...serviceProblems(object, workloads));
    if (object.kind === 'PodDisruptionBudget') {
      const { matchLabels } = (object.spec as { selector: { matchLabels: Labels } }).selector;
      const [workload, ...more] = workloads.filter(({ labels }) => selects(matchLabels, labels));
      if (!workload || more.length > 0)
        problems.push(`${id}: is about ${more.length + Number(!!workload)} workloads`);
      else if (workload.replicas < 2) problems.push(`${id}: the only pod could never be moved`);
    }
    if (object.kind === 'ServiceMonitor') {
      const { selector, endpoints } = object.spec as {
        selector: { matchLabels: Labels };
        endpoints: { port: string }[];
      };
      const services = objects.filter(
        ({ kind, metadata }) => kind === 'Service' && selects(selector.matchLabels, metadata.labels ?? {}),
      );
      const has = (port: string) =>
        services.some(({ spec }) => (spec as unknown as ServiceSpec).ports.some(({ name }) => name === port));
      if (!endpoints.every(({ port }) => has(port))) problems.push(`${id}: no Service has its ports`);
    }
  }
  return problems;
}

function workloadProblems(
  { object, selector, labels, pod }: Workload,
  objects: readonly RenderedObject[],
): string[] {
  const id = idOf(object);
  const problems: string[] = [];
  if (selector && !selects(selector, labels)) problems.push(`${id}: does not select its own pods`);
  const account = pod.serviceAccountName;
  if (account && !objects.some((each) => idOf(each) === `ServiceAccount/${account}`)) {
    problems.push(`${id}: there is no account ${account}`);
  }
  for (const [key, value] of Object.entries(labels)) {
    if (!/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/.test(value))
      problems.push(`${id}: label ${key} is ${value}`);
  }
  return problems;
}

function serviceProblems(object: RenderedObject, workloads: readonly Workload[]): string[] {
  const id = idOf(object);
  const { selector = {}, ports } = object.spec as unknown as ServiceSpec;
  const [workload, ...more] = workloads.filter(({ labels }) => selects(selector, labels));
  if (!workload || more.length > 0) return [`${id}: is about ${more.length + Number(!!workload)} workloads`];
  const offered = workload.pod.containers.flatMap((container) => container.ports ?? []);
  return ports
    .filter(
      ({ targetPort, port }) =>
        !offered.some((each) => each.name === targetPort || each.containerPort === (targetPort ?? port)),
    )
    .map(({ port }) => `${id}: the pods have no port for ${port}`);
}
