import type { KubeConfig, RequestContext, ResponseContext } from '@kubernetes/client-node';
import { type ClusterAddress, loadAddress } from './cluster-address.js';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

type ClientNode = typeof import('@kubernetes/client-node');
type Dispatcher = ReturnType<RequestContext['getDispatcher']>;

interface Loaded {
  readonly client: ClientNode;
  readonly config: KubeConfig;
}

/** Tokens are read again this often; projected service account tokens live for at least ten minutes. */
const CREDENTIALS_TTL_MS = 30_000;
/** Connections are made anew this often so that rotated certificates come into use. */
const DISPATCHER_TTL_MS = 600_000;

/**
 * The HTTP transport of the Kubernetes client with its kubeconfig, authentication and TLS.
 *
 * Its typed API objects are not used: they turn timestamps into Dates and drop fields that its generated
 * models do not know. The module costs about 0.3 s and 90 MB of memory to load, so it is loaded on the
 * first request.
 */
export class ClusterConnection {
  readonly #address: ClusterAddress;
  #loaded: Promise<Loaded> | undefined;
  #headers: { readonly values: Record<string, string>; readonly untilMs: number } | undefined;
  #dispatcher: { readonly value: Dispatcher; readonly untilMs: number } | undefined;

  constructor(address: ClusterAddress) {
    this.#address = address;
  }

  /**
   * Sends one request and returns the answer, whatever its status.
   *
   * @throws whatever fetch throws when no answer comes; Error when the kubeconfig cannot be used
   */
  async send(request: ApiRequest): Promise<ResponseContext> {
    const { client, config } = await this.#load();
    const server = config.getCurrentCluster()?.server ?? '';
    const context = new client.RequestContext(`${server}${request.path}`, request.method as never);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) context.setQueryParam(name, value);
    }
    await this.#authenticate(config, context);
    context.setHeaderParam('Accept', 'application/json');
    if (request.body !== undefined) {
      context.setHeaderParam('Content-Type', request.contentType ?? 'application/json');
      context.setBody(JSON.stringify(request.body));
    }
    if (request.signal !== undefined) context.setSignal(request.signal);
    const response = await new client.IsomorphicFetchHttpLibrary().send(context).toPromise();
    if (response.httpStatusCode === 401) this.#forgetCredentials();
    return response;
  }

  async close(): Promise<void> {
    await this.#dispatcher?.value?.close();
    this.#dispatcher = undefined;
  }

  /** After a rotation the next request reads kubeconfig, tokens and certificates again. */
  #forgetCredentials(): void {
    this.#loaded = undefined;
    this.#headers = undefined;
    if (this.#dispatcher !== undefined) this.#dispatcher = { ...this.#dispatcher, untilMs: 0 };
  }

  /** Loads client and kubeconfig once; a failure is tried again by the next request. */
  #load(): Promise<Loaded> {
    this.#loaded ??= (async () => {
      const client = await import('@kubernetes/client-node');
      return { client, config: loadAddress(client.KubeConfig, this.#address, process.env) };
    })().catch((error: unknown) => {
      this.#loaded = undefined;
      throw error;
    });
    return this.#loaded;
  }

  /** The client makes a new connection pool per request when TLS is configured: keep one for all instead. */
  async #authenticate(config: KubeConfig, context: RequestContext): Promise<void> {
    const nowMs = performance.now();
    const headers = this.#headers;
    const dispatcher = this.#dispatcher;
    if (
      headers !== undefined &&
      dispatcher !== undefined &&
      nowMs < headers.untilMs &&
      nowMs < dispatcher.untilMs
    ) {
      for (const [name, value] of Object.entries(headers.values)) context.setHeaderParam(name, value);
      context.setDispatcher(dispatcher.value as never);
      return;
    }
    await config.applySecurityAuthentication(context);
    this.#headers = { values: { ...context.getHeaders() }, untilMs: nowMs + CREDENTIALS_TTL_MS };
    if (this.#dispatcher !== undefined && nowMs < this.#dispatcher.untilMs) {
      context.setDispatcher(this.#dispatcher.value as never);
      return;
    }
    // Lets running watches end on the old pool.
    void this.#dispatcher?.value?.close().catch(() => undefined);
    this.#dispatcher = { value: context.getDispatcher(), untilMs: nowMs + DISPATCHER_TTL_MS };
  }
}
