import { PortChooser, type PortMove } from './ports.js';

export interface SuitePorts {
  readonly frontDoor: number;
  readonly schedulerGrpc: number;
  readonly schedulerMetrics: readonly [number, number];
  readonly kvIndexGrpc: number;
  readonly kvIndexMetrics: number;
  readonly cluster: number;
  readonly nats: number;
  readonly natsMonitor: number;
  readonly redis: number;
  readonly engineHttp: number;
  readonly engineKvEvents: number;
  readonly engineKvReplay: number;
  /** Ports that are not the default because somebody has it. */
  readonly moves: readonly PortMove[];
}

/** An address of the engines' network: a listener on 0.0.0.0 takes their ports too. */
const ENGINE_PROBE_HOST = '127.20.255.254';

/** Finds a free port for everything the suite listens on, at the defaults of docs/reference where they are free. */
export async function chooseSuitePorts(): Promise<SuitePorts> {
  const chooser = new PortChooser();
  const engines = new PortChooser();
  const ports = {
    frontDoor: await chooser.choose('front door', 8080),
    schedulerGrpc: await chooser.choose('scheduler gRPC', 9101),
    schedulerMetrics: [
      await chooser.choose('scheduler metrics', 9090),
      await chooser.choose('second scheduler metrics', 9190),
    ] as const,
    kvIndexGrpc: await chooser.choose('kv-index gRPC', 9102),
    kvIndexMetrics: await chooser.choose('kv-index metrics', 9091),
    cluster: await chooser.choose('dev cluster', 6443),
    nats: await chooser.choose('NATS', 4222),
    natsMonitor: await chooser.choose('NATS monitor', 8222),
    redis: await chooser.choose('Redis', 6379),
    engineHttp: await engines.choose('engines', 8000, ENGINE_PROBE_HOST),
    engineKvEvents: await engines.choose('engine KV events', 5557, ENGINE_PROBE_HOST),
    engineKvReplay: await engines.choose('engine KV replay', 5558, ENGINE_PROBE_HOST),
  };
  return { ...ports, moves: [...chooser.moves, ...engines.moves] };
}
