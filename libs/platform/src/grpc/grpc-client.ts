import {
  type ClientReadableStream,
  credentials,
  type ServiceError as GrpcError,
  Metadata,
  makeGenericClientConstructor,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadProtos, packageOf } from './proto-loading.js';

/** Methods of a service as the caller sees them: proto method name → messages. */
export type GrpcMethods = Record<string, { request: object; response: object }>;

export interface CallOptions {
  /** Default 2,000. */
  readonly deadlineMs?: number;
  readonly traceparent?: string;
  readonly signal?: AbortSignal;
}

/** A client of one of our services. Reconnects by itself; every call has a deadline. */
export interface GrpcClient<M extends GrpcMethods> {
  call<K extends keyof M & string>(
    method: K,
    request: M[K]['request'],
    options?: CallOptions,
  ): Promise<M[K]['response']>;
  stream<K extends keyof M & string>(
    method: K,
    request: M[K]['request'],
    options?: CallOptions,
  ): AsyncIterable<M[K]['response']>;
  close(): void;
}

type Unary = (
  request: object,
  metadata: Metadata,
  options: object,
  callback: (error: GrpcError | null, response: object) => void,
) => { cancel(): void };
type Streaming = (request: object, metadata: Metadata, options: object) => ClientReadableStream<object>;

/**
 * Opens a client, e.g. `createGrpcClient<M>({ proto: 'kvindex', service: 'KvIndexService', address })`.
 * Connecting is lazy; errors are grpc-js `ServiceError`s with `code` and `details`.
 */
export function createGrpcClient<M extends GrpcMethods>(options: {
  readonly proto: string;
  readonly service: string;
  readonly address: string;
  readonly maxMessageBytes?: number;
}): GrpcClient<M> {
  const client = open(options);
  const methods = client as unknown as Record<string, unknown>;
  const find = (method: string): unknown => {
    const found = methods[method];
    if (typeof found !== 'function') throw new Error(`${options.service} has no method "${method}"`);
    return found.bind(client);
  };
  const prepare = (o: CallOptions | undefined) => {
    const metadata = new Metadata();
    if (o?.traceparent) metadata.set('traceparent', o.traceparent);
    return [metadata, { deadline: Date.now() + (o?.deadlineMs ?? 2000) }] as const;
  };
  return {
    call: (method, request, o) =>
      new Promise((resolve, reject) => {
        const call = (find(method) as Unary)(request, ...prepare(o), (error, response) =>
          error ? reject(error) : resolve(response as never),
        );
        o?.signal?.addEventListener('abort', () => call.cancel(), { once: true });
      }),
    stream: (method, request, o) => {
      const stream = (find(method) as Streaming)(request, ...prepare(o));
      o?.signal?.addEventListener('abort', () => stream.cancel(), { once: true });
      return stream as AsyncIterable<never>;
    },
    close: () => client.close(),
  };
}

function open(options: { proto: string; service: string; address: string; maxMessageBytes?: number }) {
  const name = `${packageOf(options.proto)}.${options.service}`;
  const definition = loadProtos([options.proto])[name];
  if (!definition || 'format' in definition)
    throw new Error(`proto "${options.proto}" has no service "${options.service}"`);
  const Client: ServiceClientConstructor = makeGenericClientConstructor(definition, name);
  const maxBytes = options.maxMessageBytes ?? 16 * 1024 * 1024;
  return new Client(options.address, credentials.createInsecure(), {
    'grpc.max_receive_message_length': maxBytes,
    'grpc.max_send_message_length': maxBytes,
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 5000,
  });
}
