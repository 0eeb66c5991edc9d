import type { ResponseContext } from '@kubernetes/client-node';
import {
  ClusterError,
  type ClusterObject,
  type InformerOptions,
  type ResourceKind,
} from '@penstock/core/ports';
import type { NoticeHandler } from '../notices.js';
import { apiError, noAnswer } from './api-error.js';
import type { ApiRequest, ClusterConnection } from './cluster-connection.js';
import { resourcePath } from './resource-path.js';

export interface ObjectList<T> {
  readonly items: T[];
  readonly resourceVersion: string;
}

/** Objects per page of a list, as kubectl and client-go ask for. */
const PAGE_SIZE = 500;

/** JSON over the connection; every failure is a ClusterError. */
export class RestClient {
  constructor(
    private readonly connection: ClusterConnection,
    private readonly requestTimeoutMs: number,
    private readonly notify: NoticeHandler,
  ) {}

  async json<T>(request: ApiRequest): Promise<T> {
    const timeout = AbortSignal.timeout(this.requestTimeoutMs);
    const signal = request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]);
    const response = await this.#answer({ ...request, signal }, request.signal);
    try {
      return JSON.parse(await response.body.text()) as T;
    } catch (error) {
      const what = `${request.method} ${request.path}`;
      throw this.#failed(what, noAnswer(what, error), request.signal);
    }
  }

  /** The body of a successful answer as a stream, without a time limit: for watches. */
  async stream(request: ApiRequest): Promise<ReadableStream<Uint8Array>> {
    const body = (await this.#answer(request, request.signal)).body.stream();
    if (body === null)
      throw noAnswer(`${request.method} ${request.path}`, new Error('the answer has no body'));
    return body;
  }

  /** Every page of a list. A page token that expires half-way is reported as `gone`. */
  async list<T extends ClusterObject>(
    kind: ResourceKind<T>,
    options: InformerOptions,
    signal?: AbortSignal,
  ): Promise<ObjectList<T>> {
    const items: T[] = [];
    let page: { metadata?: { resourceVersion?: string; continue?: string }; items?: T[] | null };
    let token: string | undefined;
    do {
      page = await this.json({
        method: 'GET',
        path: resourcePath(kind, options.namespace),
        query: { labelSelector: options.labelSelector, limit: String(PAGE_SIZE), continue: token },
        signal,
      });
      // Items of a list carry neither apiVersion nor kind for built-in kinds.
      for (const item of page.items ?? []) items.push(withKind(kind, item));
      token = page.metadata?.continue || undefined;
    } while (token !== undefined);
    return { items, resourceVersion: page.metadata?.resourceVersion ?? '' };
  }

  async #answer(request: ApiRequest, stopped: AbortSignal | undefined): Promise<ResponseContext> {
    const what = `${request.method} ${request.path}`;
    let response: ResponseContext;
    try {
      response = await this.connection.send(request);
    } catch (error) {
      throw this.#failed(what, noAnswer(what, error), stopped);
    }
    const status = response.httpStatusCode;
    if (status >= 200 && status < 300) return response;
    const body = await response.body.text().catch(() => '');
    throw this.#failed(what, apiError(what, status, body, response.headers['retry-after']), stopped);
  }

  /** An abort by the caller (stop) is nobody's failure; a missing or existing object is an answer. */
  #failed(what: string, error: ClusterError, stopped: AbortSignal | undefined): ClusterError {
    const expected = ['not-found', 'already-exists', 'conflict'].includes(error.reason);
    if (!expected && stopped?.aborted !== true) {
      this.notify({ kind: 'request-failed', what, status: error.status, message: error.message });
    }
    return error;
  }
}

export function withKind<T extends ClusterObject>(kind: ResourceKind<T>, object: T): T {
  object.apiVersion ??= kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
  object.kind ??= kind.kind;
  return object;
}
