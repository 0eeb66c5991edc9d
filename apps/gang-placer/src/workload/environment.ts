import type { PodCliqueSpec } from '@penstock/contracts';

type PodSpec = PodCliqueSpec['podSpec'];
type Container = PodSpec['containers'][number];

/** Variables before those of every container; what the template sets itself wins. */
export function withEnvironment(podSpec: PodSpec, variables: Readonly<Record<string, string>>): PodSpec {
  const extend = (container: Container): Container => {
    const own = container.env ?? [];
    const added = Object.entries(variables)
      .filter(([name]) => !own.some((variable) => variable.name === name))
      .map(([name, value]) => ({ name, value }));
    return { ...container, env: [...added, ...own] };
  };
  return {
    ...podSpec,
    containers: podSpec.containers.map(extend),
    ...(podSpec.initContainers ? { initContainers: podSpec.initContainers.map(extend) } : {}),
  };
}
