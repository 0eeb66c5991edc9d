import { randomInt } from 'node:crypto';
import { PortChooser, type PortMove } from './ports.js';

export interface SuitePorts {
  readonly frontDoor: number;
  readonly schedulerGrpc: number;
  readonly schedulerMetrics: readonly [number, number];
  readonly kvIndexGrpc: number;
  readonly kvIndexHttp: number;
  readonly kvIndexMetrics: number;
  readonly autoscalerGrpc: number;
  readonly autoscalerMetrics: number;
  readonly gangPlacerGrpc: number;
  readonly gangPlacerMetrics: number;
  readonly kvOffloadGrpc: number;
  readonly kvOffloadMetrics: number;
  readonly cluster: number;
  readonly nats: number;
  readonly redis: number;
  readonly objectStore: number;
  readonly engineHttp: number;
  readonly engineKvEvents: number;
  readonly engineKvReplay: number;
  readonly kvNodeGrpc: number;
  readonly kvNodeMetrics: number;
  /** Range of the pods' addresses. */
  readonly podCidr: string;
  /** Ports that are not the default because somebody has it. */
  readonly moves: readonly PortMove[];
  /** Gives up the infrastructure's ports, then the services': right before they start. */
  readonly releaseInfrastructure: () => Promise<void>;
  readonly releaseServices: () => Promise<void>;
}

/** `default`: the documented ports, the next free ones where they are taken. `any`: whatever is free, for tests and benches. */
export type PortChoice = 'default' | 'any';

/** Finds a free port for everything the suite listens on, and keeps it until it is needed. */
export async function chooseSuitePorts(choice: PortChoice = 'default'): Promise<SuitePorts> {
  const infrastructure = new PortChooser();
  const services = new PortChooser();
  const engines = new PortChooser();
  const near = (preferred: number) => (choice === 'any' ? 0 : preferred);
  const podNetwork = choice === 'any' ? `127.${randomInt(21, 250)}.${randomInt(0, 256)}` : '127.20.0';
  // An address of the engines' network that no engine gets: a listener on 0.0.0.0 takes their ports too.
  const engineHost = `${podNetwork}.254`;
  const ports = {
    frontDoor: await services.choose('front door', near(8080)),
    schedulerGrpc: await services.choose('scheduler gRPC', near(9101)),
    schedulerMetrics: [
      await services.choose('scheduler metrics', near(9090)),
      await services.choose('second scheduler metrics', near(9190)),
    ] as const,
    kvIndexGrpc: await services.choose('kv-index gRPC', near(9102)),
    kvIndexHttp: await services.choose('kv-index HTTP', near(9112)),
    kvIndexMetrics: await services.choose('kv-index metrics', near(9091)),
    autoscalerGrpc: await services.choose('autoscaler gRPC', near(9103)),
    autoscalerMetrics: await services.choose('autoscaler metrics', near(9092)),
    gangPlacerGrpc: await services.choose('gang-placer gRPC', near(9104)),
    gangPlacerMetrics: await services.choose('gang-placer metrics', near(9093)),
    kvOffloadGrpc: await services.choose('kv-offload gRPC', near(9105)),
    kvOffloadMetrics: await services.choose('kv-offload metrics', near(9094)),
    cluster: await infrastructure.choose('dev cluster', near(6443)),
    nats: await infrastructure.choose('NATS', near(4222)),
    redis: await infrastructure.choose('Redis', near(6379)),
    objectStore: await infrastructure.choose('S3', near(9000)),
    engineHttp: await engines.choose('engines', 8000, engineHost),
    engineKvEvents: await engines.choose('engine KV events', 5557, engineHost),
    engineKvReplay: await engines.choose('engine KV replay', 5558, engineHost),
    kvNodeGrpc: await engines.choose('kv-node gRPC', 9106, engineHost),
    kvNodeMetrics: await engines.choose('kv-node metrics', 9095, engineHost),
  };
  await engines.release();
  return {
    ...ports,
    podCidr: choice === 'any' ? `${podNetwork}.0/24` : '127.20.0.0/16',
    moves: [...services.moves, ...infrastructure.moves, ...engines.moves],
    releaseInfrastructure: () => infrastructure.release(),
    releaseServices: () => services.release(),
  };
}
