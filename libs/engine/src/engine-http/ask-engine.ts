import { type Dispatcher, request } from 'undici';
import { EngineHttpError } from './engine-http-error.js';

export interface EngineHttpOptions {
  /** For the whole answer; default 2,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Connections to use; undici's global ones when absent. */
  readonly dispatcher?: Dispatcher;
}

const DEFAULT_TIMEOUT_MS = 2_000;
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/**
 * The body that an engine answers to `GET http://<address><path>`, or to a POST of JSON.
 *
 * @param address `ip:port`, or a base URL
 * @throws EngineHttpError
 */
export async function askEngine(
  address: string,
  path: string,
  options: EngineHttpOptions = {},
  json?: string,
): Promise<string> {
  const url = urlOf(address, path);
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  const post = { method: 'POST' as const, headers: { 'content-type': 'application/json' }, body: json };
  try {
    const { dispatcher } = options;
    const { statusCode, body } = await request(url, {
      signal,
      dispatcher,
      ...(json === undefined ? {} : post),
    });
    if (statusCode !== 200) {
      await body.dump();
      const message = `${url} answered ${statusCode}; is it an engine's API?`;
      throw new EngineHttpError('status', message, { status: statusCode });
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) {
        throw new EngineHttpError('too-large', `${url} answered more than ${MAX_BODY_BYTES} bytes`);
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString();
  } catch (error) {
    if (error instanceof EngineHttpError) {
      throw error;
    }
    if (options.signal?.aborted) {
      throw new EngineHttpError('aborted', `the request to ${url} was given up`, { cause: error });
    }
    if (timeout.aborted) {
      throw new EngineHttpError('timeout', `${url} did not answer within ${timeoutMs} ms`, {
        cause: error,
      });
    }
    throw new EngineHttpError('unreachable', `${url} cannot be reached: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function urlOf(address: string, path: string): URL {
  const base = /^https?:\/\//.test(address) ? address : `http://${address}`;
  if (!URL.canParse(path, base)) {
    throw new EngineHttpError('bad-address', `an engine's address is <ip>:<port>, got "${address}"`);
  }
  return new URL(path, base);
}
