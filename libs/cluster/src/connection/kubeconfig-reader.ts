// A process of its own, started by credentials.ts: prints the credentials of one kubeconfig as JSON.
// It imports nothing of ours and uses only types that Node strips, so that it runs from src and from dist.
import type { RequestOptions } from 'node:https';
import { type Cluster, KubeConfig } from '@kubernetes/client-node';

interface Wanted {
  kubeconfig?: string;
  context?: string;
}

function load(wanted: Wanted): KubeConfig {
  const config = new KubeConfig();
  if (wanted.kubeconfig !== undefined) config.loadFromFile(wanted.kubeconfig);
  else if (process.env['KUBECONFIG']) config.loadFromDefault();
  else if (process.env['KUBERNETES_SERVICE_HOST']) config.loadFromCluster();
  else {
    throw new Error(
      'none is configured: give the URL of the API or a kubeconfig path, set KUBECONFIG, or run in a pod with a service account',
    );
  }
  if (wanted.context !== undefined) config.setCurrentContext(wanted.context);
  return config;
}

function currentCluster(config: KubeConfig): Cluster {
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    const known = config.getContexts().map((context) => context.name);
    throw new Error(
      `the kubeconfig has no usable context "${config.getCurrentContext()}": choose one of ${known.join(', ') || '(none)'}`,
    );
  }
  if (cluster.proxyUrl) throw new Error(`proxy-url of cluster "${cluster.name}" is not supported`);
  return cluster;
}

/** The client refuses `http:` servers unless certificate checks are off; over plain HTTP there is none to check. */
function allowPlainHttp(config: KubeConfig): void {
  config.loadFromOptions({
    clusters: config
      .getClusters()
      .map((cluster) => (cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster)),
    contexts: config.getContexts(),
    users: config.getUsers(),
    currentContext: config.getCurrentContext(),
  });
}

const pem = (value: unknown): string | undefined => (value == null ? undefined : String(value));

async function read(wanted: Wanted): Promise<object> {
  const config = load(wanted);
  const { server } = currentCluster(config);
  allowPlainHttp(config);
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const headers = { ...(options.headers as Record<string, string>) };
  if (options.auth) headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const tls = server.startsWith('https:')
    ? { ca: pem(ca), cert: pem(cert), key: pem(key), servername, rejectUnauthorized }
    : {};
  return { server: server.replace(/\/$/, ''), headers, tls };
}

try {
  process.stdout.write(JSON.stringify(await read(JSON.parse(process.argv[2] ?? '{}') as Wanted)));
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
