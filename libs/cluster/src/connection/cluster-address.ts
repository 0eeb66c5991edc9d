import type { KubeConfig } from '@kubernetes/client-node';

/** Where the API server is; the first one given counts. */
export interface ClusterAddress {
  /** Base URL without credentials: a dev cluster or `kubectl proxy`. */
  readonly url?: string;
  /** Path of a kubeconfig file. */
  readonly kubeconfig?: string;
  /** Context inside the kubeconfig; its current one when absent. */
  readonly context?: string;
}

type KubeConfigClass = new () => KubeConfig;

/**
 * Fills a KubeConfig from, in this order: the URL, the kubeconfig path, `KUBECONFIG`, the service account
 * of the pod.
 *
 * @throws Error that says what was looked for and what to set
 */
export function loadAddress(
  KubeConfig: KubeConfigClass,
  address: ClusterAddress,
  environment: Readonly<Record<string, string | undefined>>,
): KubeConfig {
  const config = new KubeConfig();
  if (address.url !== undefined) {
    const server = new URL(address.url).toString().replace(/\/$/, '');
    config.loadFromClusterAndUser({ name: 'cluster', server, skipTLSVerify: false }, { name: 'anonymous' });
  } else if (address.kubeconfig !== undefined) {
    config.loadFromFile(address.kubeconfig);
  } else if (environment['KUBECONFIG'] !== undefined && environment['KUBECONFIG'] !== '') {
    config.loadFromDefault();
  } else if (environment['KUBERNETES_SERVICE_HOST'] !== undefined) {
    config.loadFromCluster();
  } else {
    throw new Error(
      'no Kubernetes API is configured: give its URL or a kubeconfig path, set KUBECONFIG, or run in a pod with a service account',
    );
  }
  if (address.context !== undefined) config.setCurrentContext(address.context);
  return allowPlainHttp(config);
}

/** The client refuses `http:` servers unless certificate checks are off; over plain HTTP there is none to check. */
function allowPlainHttp(config: KubeConfig): KubeConfig {
  const current = config.getCurrentCluster();
  if (current === null) {
    const known = config.getContexts().map((context) => context.name);
    throw new Error(
      `the kubeconfig has no usable context "${config.getCurrentContext()}": choose one of ${known.join(', ') || '(none)'}`,
    );
  }
  if (!current.server.startsWith('http:')) return config;
  config.loadFromOptions({
    clusters: config
      .getClusters()
      .map((cluster) => (cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster)),
    contexts: config.getContexts(),
    users: config.getUsers(),
    currentContext: config.getCurrentContext(),
  });
  return config;
}
