import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
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
      return JSON.parse(await text(response)) as T;
    } catch (error) {
      const what = `${request.method} ${request.path}`;
      throw this.#failed(what, noAnswer(what, error), request.signal);
    }
  }

  /** A successful answer as a stream, without a time limit: for watches. */
  stream(request: ApiRequest): Promise<IncomingMessage> {
    return this.#answer(request, request.signal);
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
        query: {
          labelSelector: options.labelSelector,
          fieldSelector: options.fieldSelector,
          limit: String(PAGE_SIZE),
          continue: token,
        },
        signal,
      });
      // Items of a list carry neither apiVersion nor kind for built-in kinds.
      for (const item of page.items ?? []) items.push(withKind(kind, item));
      token = page.metadata?.continue || undefined;
    } while (token !== undefined);
    return { items, resourceVersion: page.metadata?.resourceVersion ?? '' };
  }

  async #answer(request: ApiRequest, stopped: AbortSignal | undefined): Promise<IncomingMessage> {
    const what = `${request.method} ${request.path}`;
    let response: IncomingMessage;
    try {
      response = await this.connection.send(request);
    } catch (error) {
      throw this.#failed(what, noAnswer(what, error), stopped);
    }
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    const body = await text(response).catch(() => '');
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
