import {
  ApiException,
  CoreV1Api,
  KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  Watch,
} from '@kubernetes/client-node';
import { ClusterHttp } from '../../test-cluster/cluster-http.js';

/** A server the contract is held against. */
export interface ContractServer {
  /** YAML of a kubeconfig with full rights. */
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

export interface WatchEvent {
  readonly type: string;
  readonly object: KubernetesObject & { code?: number; status?: unknown; spec?: Record<string, unknown> };
}

/** Clients of one server, and a namespace of one's own. */
export class ContractCluster {
  readonly config = new KubeConfig();
  readonly core: CoreV1Api;
  readonly objects: KubernetesObjectApi;
  readonly namespace: string;
  private readonly http: ClusterHttp;
  private readonly watches: AbortController[] = [];

  constructor(readonly server: ContractServer) {
    this.config.loadFromString(server.kubeconfig);
    this.core = this.config.makeApiClient(CoreV1Api);
    this.objects = KubernetesObjectApi.makeApiClient(this.config);
    this.http = new ClusterHttp(server.kubeconfig);
    this.namespace = `contract-${Math.random().toString(36).slice(2, 8)}`;
  }

  async start(): Promise<void> {
    await this.core.createNamespace({ body: { metadata: { name: this.namespace } } });
  }

  async stop(): Promise<void> {
    for (const watch of this.watches) watch.abort();
    await this.http.close();
    await this.server.stop();
  }

  /** A request without client-side types, for what the typed client cannot say. */
  async request(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<RawAnswer> {
    const { status, text, warnings } = await this.http.request(method, path, body, headers);
    return { status, warnings, body: parseBody(text) };
  }

  /** Path of a core or group collection in this contract's namespace. */
  path(apiVersion: string, plural: string, name?: string): string {
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    return `${root}/namespaces/${this.namespace}/${plural}${name ? `/${name}` : ''}`;
  }

  /** Collects what a watch delivers. */
  async watch(
    path: string,
    query: Record<string, string | number | boolean | undefined> = {},
  ): Promise<WatchLog> {
    const log = new WatchLog();
    const controller = await new Watch(this.config).watch(
      path,
      query,
      (type, object) => log.push({ type, object }),
      () => log.end(),
    );
    this.watches.push(controller);
    log.onStop = () => controller.abort();
    return log;
  }
}

/** A JSON body, or the text of any other, such as the lines of a watch. */
function parseBody(text: string): RawBody {
  try {
    return JSON.parse(text) as RawBody;
  } catch {
    return text as unknown as RawBody;
  }
}

export interface RawBody {
  readonly kind: string;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    causes?: { reason: string; field: string; message: string }[];
    name?: string;
    kind?: string;
  };
  readonly metadata: Record<string, unknown> & { resourceVersion: string; continue?: string };
  readonly items?: KubernetesObject[];
  readonly [field: string]: unknown;
}

export interface RawAnswer {
  readonly status: number;
  readonly body: RawBody;
  /** `Warning` headers. */
  readonly warnings: readonly string[];
}

export class WatchLog {
  readonly events: WatchEvent[] = [];
  hasEnded = false;
  onStop: () => void = () => undefined;
  private wake: () => void = () => undefined;

  push(event: WatchEvent): void {
    this.events.push(event);
    this.wake();
  }

  end(): void {
    this.hasEnded = true;
    this.wake();
  }

  stop(): void {
    this.onStop();
  }

  /** `TYPE name` of each event so far. */
  get summary(): string[] {
    return this.events.map(({ type, object }) => `${type} ${object.metadata?.name ?? ''}`.trim());
  }

  /** Waits until `count` events have come. @throws Error with what came instead */
  async take(count: number, timeoutMs = 5000): Promise<WatchEvent[]> {
    const deadlineMs = Date.now() + timeoutMs;
    while (this.events.length < count) {
      const leftMs = deadlineMs - Date.now();
      if (leftMs <= 0) throw new Error(`expected ${count} events, got ${JSON.stringify(this.summary)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.events;
  }
}

/** The `Status` a call was refused with. @throws Error when it was not refused */
export async function refusal(call: Promise<unknown>): Promise<RawBody> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    return (typeof error.body === 'string' ? JSON.parse(error.body) : error.body) as RawBody;
  }
  throw new Error('the call was not refused');
}

/** Calls until the check passes. @throws the last failure when it never does */
export async function eventually<T>(check: () => Promise<T> | T, timeoutMs = 10_000): Promise<T> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
