import { isIP } from 'node:net';
import { type Pod, podKind } from '@penstock/contracts';
import type { Cluster, Informer } from '@penstock/core/ports';

/** Where the kv-nodes are: node name → `ip:port`. */
export interface NodeDirectory {
  /** Undefined while it is not known yet. */
  current(): ReadonlyMap<string, string> | undefined;
  stop(): Promise<void>;
}

/** kv-nodes named in the configuration, `node=ip:port,…`. */
export function fixedNodes(list: string): NodeDirectory {
  const nodes = new Map(
    list.split(',').map((entry) => {
      const [node = '', address = ''] = entry.split('=');
      return [node, address] as const;
    }),
  );
  return { current: () => nodes, stop: async () => {} };
}

export interface PodNodeOptions {
  readonly namespace?: string;
  readonly labelSelector: string;
  /** Where a pod names no port `grpc`. */
  readonly port: number;
}

/** kv-nodes found as pods: one per node; of several on a node the youngest. */
export class PodNodes implements NodeDirectory {
  private readonly informer: Informer<Pod>;

  constructor(
    cluster: Cluster,
    private readonly options: PodNodeOptions,
  ) {
    const { namespace, labelSelector } = options;
    this.informer = cluster.inform(podKind, { ...(namespace !== undefined && { namespace }), labelSelector });
  }

  current(): ReadonlyMap<string, string> | undefined {
    if (!this.informer.synced) return undefined;
    const nodes = new Map<string, string>();
    const age = ({ metadata }: Pod) => metadata.creationTimestamp ?? '';
    for (const pod of [...this.informer.list()].sort((a, b) => (age(a) < age(b) ? -1 : 1))) {
      const { nodeName, containers = [] } = pod.spec ?? {};
      const { podIP = '', phase } = pod.status ?? {};
      if (!nodeName || isIP(podIP) === 0 || phase === 'Failed' || phase === 'Succeeded') continue;
      const ports = containers.flatMap(({ ports: own = [] }) => own);
      const port = ports.find(({ name }) => name === 'grpc')?.containerPort ?? this.options.port;
      nodes.set(nodeName, isIP(podIP) === 6 ? `[${podIP}]:${port}` : `${podIP}:${port}`);
    }
    return nodes;
  }

  stop(): Promise<void> {
    return this.informer.stop();
  }
}
