/** A node whose pods run and become ready at once, without any process. */
export interface TestNode {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** `nvidia.com/gpu` to allocate; none by default. */
  readonly gpus?: number;
  readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  readonly unschedulable?: boolean;
}

/** A Kubernetes API of a test, either of two kinds that a test cannot tell apart. */
export interface TestCluster {
  /** `dev`: the dev cluster, in this process. `kube`: a real kube-apiserver with etcd and all that works on it. */
  readonly flavor: 'dev' | 'kube';
  /** Base URL of the API. */
  readonly url: string;
  /** A kubeconfig with full rights, as YAML text. */
  readonly kubeconfig: string;
  /** The same in a file. */
  readonly kubeconfigPath: string;
  /**
   * File with what service accounts asked of the API: an Event of audit.k8s.io/v1 as JSON per line. Of a real server
   * only, and absent until the first of them asks.
   */
  readonly auditLogPath?: string;
  /** Programs of the cluster's version; undefined where they are not built. */
  readonly tools: { readonly kubectl?: string };
  /** Creates a ready node of ample CPU and memory; resolves when it is there. */
  addNode(node: TestNode): Promise<void>;
  /** Ends the API server at once, as a crash: connections break, what was written stays. */
  killApi(): Promise<void>;
  /** Starts the API server again on its port and data; resolves when it answers. */
  startApi(): Promise<void>;
  /**
   * Forgets old revisions: a page or a watch that resumes from before now is answered 410, on a real server only where
   * its own cache does not reach back that far either, as after `killApi` and `startApi`.
   */
  compact(): Promise<void>;
  /** Ends all that was started and removes its data. */
  stop(): Promise<void>;
}
