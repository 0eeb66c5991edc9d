import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeEngineBatch, KvEventPublisher, type PublishedEvent } from '@penstock/engine';

/** Tokens per block. */
export const BLOCK = 4;

export interface EngineOptions {
  readonly layout: 'array' | 'map';
  readonly hashes: 'bytes' | 'int';
  readonly bufferMessages?: number;
}

const digestOf = (prompt: string) => createHash('sha256').update(prompt).digest();

/** Low 64 bits of the hash of a prompt's last block, as the index keeps it. */
export const low64Of = (prompt: string) => digestOf(prompt).readBigUInt64BE(24);
export const tokensOf = (prompt: string) =>
  [...prompt].flatMap((letter) => Array.from({ length: BLOCK }, (_, i) => letter.charCodeAt(0) * 10 + i));

/** An engine's outside: real HTTP, real ZeroMQ events and replay, on free ports of loopback. A letter is a block. */
export class RealEngine {
  readonly held = new Set<string>();
  /** How old the events say they are. */
  delayMs = 0;

  private constructor(
    private readonly http: Server,
    private publisher: KvEventPublisher,
    private readonly options: EngineOptions,
  ) {}

  static async start(options: EngineOptions): Promise<RealEngine> {
    const http = createServer((request, response) => {
      const models = JSON.stringify({
        object: 'list',
        data: [{ id: 'model-r', object: 'model', parent: null }],
      });
      response.statusCode = request.url === '/v1/models' ? 200 : 404;
      response.end(request.url === '/v1/models' ? models : '');
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return new RealEngine(http, await publish('tcp://127.0.0.1:0', 'tcp://127.0.0.1:0', options), options);
  }

  get httpPort(): number {
    return (this.http.address() as AddressInfo).port;
  }

  get eventsPort(): number {
    return portOf(this.publisher.endpoint);
  }

  get replayPort(): number {
    return portOf(this.publisher.replayEndpoint as string);
  }

  get lastSequence(): number {
    return this.publisher.nextSequence - 1;
  }

  store(prompt: string): void {
    const from = [...prompt].findIndex((_, i) => !this.held.has(prompt.slice(0, i + 1)));
    if (from < 0) return;
    const prefixes = [...prompt].map((_, i) => prompt.slice(0, i + 1)).slice(from);
    for (const prefix of prefixes) this.held.add(prefix);
    this.send({
      type: 'stored',
      hashes: prefixes.map(digestOf),
      parent: from === 0 ? null : digestOf(prompt.slice(0, from)),
      tokenIds: tokensOf(prompt).slice(from * BLOCK),
      blockSize: BLOCK,
    });
  }

  evict(prompt: string): void {
    this.held.delete(prompt);
    this.send({ type: 'removed', hashes: [digestOf(prompt)] });
  }

  /** Says that all blocks of the prompt are in one file on storage; returns the file's name. */
  announceFile(prompt: string): string {
    const prefixes = [...prompt].map((_, i) => prompt.slice(0, i + 1));
    const place = { parent: null, tokenIds: [], blockSize: 0, medium: 'STORAGE' };
    this.send({ type: 'stored', hashes: prefixes.map(digestOf), ...place });
    return digestOf(prompt).toString('hex');
  }

  /** Stores blocks behind one that nobody announced. */
  storeOrphan(name: string): void {
    const tokenIds = tokensOf(name);
    const hashes = [...name].map((_, i) => digestOf(`orphan ${name.slice(0, i + 1)}`));
    this.send({ type: 'stored', hashes, parent: digestOf(`nobody ${name}`), tokenIds, blockSize: BLOCK });
  }

  /** Publishes bytes that are no batch. */
  sendGarbage(): void {
    this.publisher.publish(Buffer.from('this is not msgpack'));
  }

  /** The process dies and comes back on the same ports with nothing. */
  async restart(): Promise<void> {
    const { endpoint, replayEndpoint } = this.publisher;
    await this.publisher.close();
    this.held.clear();
    this.publisher = await publish(endpoint, replayEndpoint as string, this.options);
  }

  hashes(): bigint[] {
    return [...this.held].map(low64Of).sort();
  }

  async stop(): Promise<void> {
    await this.publisher.close();
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  private send(event: PublishedEvent): void {
    this.publisher.publish(
      encodeEngineBatch({ timestampMs: Date.now() - this.delayMs, rank: 0, events: [event] }, this.options),
    );
  }
}

/** A port stays taken for a moment after its socket was closed. */
async function publish(
  endpoint: string,
  replayEndpoint: string,
  options: EngineOptions,
): Promise<KvEventPublisher> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await KvEventPublisher.bind({
        endpoint,
        replayEndpoint,
        bufferMessages: options.bufferMessages,
      });
    } catch (error) {
      if (attempt >= 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function portOf(endpoint: string): number {
  return Number(endpoint.slice(endpoint.lastIndexOf(':') + 1));
}
