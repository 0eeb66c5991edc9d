import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import { Backoff } from '../backoff.js';
import { type ClusterAddress, type Credentials, loadCredentials } from './credentials.js';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

interface Session extends Credentials {
  readonly agent: HttpAgent;
  readonly loadedMs: number;
}

/** Projected service account tokens live for at least ten minutes and are replaced before they end. */
const CREDENTIALS_TTL_MS = 300_000;
const READ_BACKOFF = { initialMs: 1_000, maxMs: 10_000 };

/** Authenticated HTTP to the API server. Nothing is read or connected before the first request. */
export class ClusterConnection {
  readonly #address: ClusterAddress;
  #session: Session | undefined;
  #loading: Promise<Session> | undefined;
  /** Reading starts a process: what stays refused or unreadable must not start one per request. */
  readonly #refusals = new Backoff(READ_BACKOFF);
  readonly #failures = new Backoff(READ_BACKOFF);
  #failure: unknown;
  #readAgainMs = 0;

  constructor(address: ClusterAddress) {
    this.#address = address;
  }

  /**
   * Sends one request and returns the answer, whatever its status. When the credentials are refused they are
   * read again, once.
   *
   * @throws Error when no answer comes or the credentials cannot be read
   */
  async send(request: ApiRequest): Promise<IncomingMessage> {
    const session = await this.#current();
    const answer = await exchange(session, request);
    if (answer.statusCode !== 401) {
      this.#refusals.reset();
      return answer;
    }
    if (this.#address.url !== undefined || performance.now() < this.#readAgainMs) return answer;
    answer.resume();
    const pauseMs = this.#refusals.nextMs();
    this.#readAgainMs = performance.now() + pauseMs;
    const renewed = this.#session === session ? await this.#load() : await this.#current();
    // The pause counts from the end of the reading, which may take as long as the pause on a busy machine.
    this.#readAgainMs = performance.now() + pauseMs;
    return exchange(renewed, request);
  }

  close(): void {
    this.#session?.agent.destroy();
    this.#session = undefined;
  }

  /** Old credentials stay in use while newer ones are read. */
  async #current(): Promise<Session> {
    if (this.#session === undefined) return this.#load();
    const isOld = performance.now() - this.#session.loadedMs > CREDENTIALS_TTL_MS;
    // A failure to read shows when the old ones are refused.
    if (isOld && this.#address.url === undefined) void this.#load().catch(() => undefined);
    return this.#session;
  }

  #load(): Promise<Session> {
    if (this.#failure !== undefined && performance.now() < this.#readAgainMs)
      return Promise.reject(this.#failure);
    this.#loading ??= this.#read().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #read(): Promise<Session> {
    try {
      this.#session = openSession(await loadCredentials(this.#address), this.#session);
      this.#failure = undefined;
      this.#failures.reset();
      return this.#session;
    } catch (error) {
      this.#failure = error;
      this.#readAgainMs = performance.now() + this.#failures.nextMs();
      throw error;
    }
  }
}

/** Keeps the open connections unless certificates changed; running watches end on the old ones. */
function openSession(credentials: Credentials, before: Session | undefined): Session {
  const same =
    before !== undefined &&
    before.server === credentials.server &&
    isDeepStrictEqual(before.tls, credentials.tls);
  const agent = same
    ? before.agent
    : credentials.server.startsWith('https:')
      ? new HttpsAgent({ keepAlive: true, ...credentials.tls })
      : new HttpAgent({ keepAlive: true });
  return { ...credentials, agent, loadedMs: performance.now() };
}

function exchange(session: Session, request: ApiRequest): Promise<IncomingMessage> {
  const url = new URL(session.server + request.path);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const headers: Record<string, string> = { ...session.headers, Accept: 'application/json' };
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  if (body !== undefined) {
    headers['Content-Type'] = request.contentType ?? 'application/json';
    // Node adds it by itself, but not for DELETE.
    headers['Content-Length'] = String(Buffer.byteLength(body));
  }
  const options = { method: request.method, headers, agent: session.agent, signal: request.signal };
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const message = send(url, options, resolve);
    message.on('error', reject);
    message.end(body);
  });
}
