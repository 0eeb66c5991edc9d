import { credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { indexerV1, kvindexV1 } from '@penstock/contracts';
import {
  createGrpcClient,
  type GrpcClient,
  loadConfig,
  protoPath,
  protoRoot,
  type RunningService,
  runService,
} from '@penstock/platform';
import { FakeEventBus, until } from '@penstock/testing';
import { httpOptions } from '../src/api/conductor/http-options.js';
import type { IndexPorts } from '../src/assemble-index.js';
import { config } from '../src/config.js';
import { IndexModule, providePorts } from '../src/index.module.js';
import { World } from './index-harness.js';

type Methods = {
  ScoreEndpoints: { request: object; response: kvindexV1.ScoreEndpointsResponse };
  Lookup: { request: object; response: kvindexV1.LookupResponse };
  ListEngines: { request: object; response: kvindexV1.ListEnginesResponse };
  ListEngineBlocks: { request: object; response: kvindexV1.ListEngineBlocksResponse };
  Verify: { request: object; response: kvindexV1.VerifyResponse };
  Watch: { request: object; response: kvindexV1.WatchResponse };
};
type PodMethods = { GetPodScores: { request: object; response: indexerV1.GetPodScoresResponse } };

/** A call in both directions, as grpc-js gives it. */
export interface Duplex {
  write(message: object): boolean;
  end(): void;
  cancel(): void;
  pause(): void;
  resume(): void;
  on(event: string, listener: (value: never) => void): void;
  readonly writableNeedDrain: boolean;
}

/** One kv-index with all its listeners on free ports, in a world of fakes. */
export class ServedIndex {
  readonly world = new World();
  private readonly bus = new FakeEventBus({ broker: this.world.broker });
  private service: RunningService | undefined;
  private grpc: GrpcClient<Methods> | undefined;
  private pods: GrpcClient<PodMethods> | undefined;
  private raw: { ScoreEndpointsStream(): Duplex; close(): void } | undefined;

  async start(ports: Partial<IndexPorts> = {}): Promise<void> {
    const { cluster, store, engines, clock } = this.world;
    await this.world.start();
    const bound = {
      cluster,
      store,
      clock,
      bus: this.bus,
      streams: engines,
      probe: engines,
      close: () => this.bus.close(),
      ...ports,
    };
    const flags = ['--grpc-port=0', '--http-port=0', '--metrics-port=0', '--log-level=silent'];
    const loaded = loadConfig(config, [...flags, '--delta-interval-ms=5', '--instance=here'], {});
    const module = IndexModule.with(providePorts(() => bound));
    const services = ['kvindex', 'indexer/v1/indexer'];
    const definition = { config, module, http: httpOptions, grpc: { services } };
    this.service = await runService(definition, loaded as never);
    const address = `127.0.0.1:${this.service.listeners.grpc}`;
    this.grpc = createGrpcClient({ proto: 'kvindex', service: 'KvIndexService', address });
    this.pods = createGrpcClient({ proto: 'indexer/v1/indexer', service: 'IndexerService', address });
    const options = { keepCase: false, longs: String, enums: String, defaults: true, oneofs: true };
    const loadedProto = loadSync(protoPath('kvindex'), { ...options, includeDirs: [protoRoot()] });
    const packages = loadPackageDefinition(loadedProto) as never as {
      penstock: {
        kvindex: { v1: { KvIndexService: new (address: string, credentials: object) => ServedIndex['raw'] } };
      };
    };
    this.raw = new packages.penstock.kvindex.v1.KvIndexService(address, credentials.createInsecure());
  }

  get client(): GrpcClient<Methods> {
    if (!this.grpc) throw new Error('not started');
    return this.grpc;
  }

  get podClient(): GrpcClient<PodMethods> {
    if (!this.pods) throw new Error('not started');
    return this.pods;
  }

  openScoreStream(): Duplex {
    if (!this.raw) throw new Error('not started');
    return this.raw.ScoreEndpointsStream();
  }

  /** Until so many engines are followed live, each with blocks. */
  async followed(count: number): Promise<void> {
    await until(async () => {
      const { engines } = await this.client.call('ListEngines', {});
      return engines.length === count && engines.every((e) => e.state === 'live' && e.blocks > 0);
    });
  }

  /** A request of the HTTP API: status, and the answer as JSON. */
  async send(path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST') {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`http://127.0.0.1:${this.service?.listeners.http}${path}`, {
      method,
      ...(body === undefined ? {} : { body: text, headers: { 'content-type': 'application/json' } }),
    });
    return { status: response.status, body: (await response.json()) as never };
  }

  /** Resolves with whether every call ended in time. */
  async stop(): Promise<boolean> {
    this.grpc?.close();
    this.pods?.close();
    this.raw?.close();
    const drained = (await this.service?.stop()) ?? true;
    await this.world.stop();
    return drained;
  }
}
