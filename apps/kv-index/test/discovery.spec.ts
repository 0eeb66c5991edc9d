import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Pod, podKind } from '@penstock/contracts';
import { until } from '@penstock/testing';
import { RunningIndex, World } from './index-harness.js';
import { SimulatedEngine } from './simulated-engine.js';

describe('kv-index finds engines', () => {
  let world: World;
  let index: RunningIndex | undefined;
  const start = (...flags: string[]) => {
    index = new RunningIndex(world, flags);
    return index;
  };
  beforeEach(async () => {
    world = new World();
    await world.start();
  });
  afterEach(async () => {
    await index?.stop();
    index = undefined;
    await world.stop();
  });

  /** A pod that runs an engine, with labels that the pool of the world may or may not select. */
  async function addPod(name: string, ip: string, labels: Record<string, string>, args: string[] = []) {
    const engine = new SimulatedEngine();
    world.engines.byIp.set(ip, engine);
    const ports = [{ name: 'http', containerPort: 9000 }];
    await world.cluster.create(
      podKind as never,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace: 'ns', name, labels },
        spec: { containers: [{ name: 'engine', args, ports }] },
        status: { phase: 'Running', podIP: ip },
      } as Pod as never,
    );
    return engine;
  }
  const followed = () =>
    [...(index?.parts.tracker.engines() ?? [])].map((e) => `${e.pool.name} ${e.engineId}`).sort();

  it('by their label where no pool selects them, and once where one does', async () => {
    const label = { 'llm-d.ai/inference-serving': 'true' };
    const alone = await addPod('alone', '10.0.0.1', label);
    await addPod('pooled', '10.0.0.2', { ...label, app: 'engine' });
    await addPod('neither', '10.0.0.3', { app: 'web' });
    alone.store('12');
    const running = start();
    await until(() => running.matched('ns/alone', '12') === 2);
    await running.live('ns/pooled');
    expect(followed()).toEqual(['_labelled ns/alone', 'pool ns/pooled']);
    expect(world.eventsOf('engine.registered').at(0)).toMatchObject({ namespace: 'ns' });
    await world.removeEngine('alone');
    await until(() => running.matched('ns/alone', '12') === 0);
    expect(running.parts.tracker.processRestarts).toBe(0);
  });

  it('by another label, or by none', async () => {
    await addPod('a', '10.0.0.1', { 'llm-d.ai/inference-serving': 'true' });
    await addPod('b', '10.0.0.2', { engine: 'yes' });
    const running = start('--engine-selector=engine=yes');
    await running.live('ns/b');
    expect(followed()).toEqual(['_labelled ns/b']);
    await running.stop();
    start('--engine-selector=');
    await until(() => index?.parts.directory.synced === true && index.parts.members.known);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(followed()).toEqual([]);
  });

  it('rank by rank behind one port, each with its own events and blocks', async () => {
    await addPod('a', '10.0.0.1', { app: 'engine' }, [
      '--data-parallel-size=2',
      '--data-parallel-start-rank=4',
    ]);
    const running = start('--kv-events-port=7000', '--kv-replay-port=7100');
    await Promise.all([running.live('ns/a'), running.live('ns/a#1')]);
    expect(world.engines.opened).toMatchObject([
      { ip: '10.0.0.1', eventsPort: 7004, replayPort: 7104, dialIn: { httpPort: 8000, rank: 4 } },
      { ip: '10.0.0.1', eventsPort: 7005, replayPort: 7105, dialIn: { httpPort: 8000, rank: 5 } },
    ]);
    const addresses = Array.from(running.parts.engines.engines(), ({ endpoint }) => endpoint.address);
    expect(addresses).toEqual(['10.0.0.1:8000', '10.0.0.1:8000']);
  });

  it('in a list, without asking one whose model is given, and without Kubernetes', async () => {
    world.cluster.disconnect();
    const engine = new SimulatedEngine();
    engine.reachable = false;
    world.engines.byIp.set('edge', engine);
    engine.store('12');
    const list = [{ name: 'a', address: 'edge:8000', events: 'tcp://edge:6000', model: 'm', blockSize: 2 }];
    const running = start(`--engines=${JSON.stringify(list)}`);
    await until(() => running.matched('Static/a', '12') === 2, 20_000);
    expect(followed()).toEqual(['_static Static/a']);
    expect(world.engines.opened).toMatchObject([{ ip: 'edge', eventsPort: 6000 }]);
    expect(world.engines.opened[0]?.replayPort).toBeUndefined();
    expect(running.parts.members.problem).toMatch(/Lease/);
    expect(world.eventsOf('engine.ready')[0]).toMatchObject({ namespace: 'Static', pool: '_static' });
  });

  it('and begins again with one that could not be begun with', async () => {
    const list = [{ name: 'a', address: 'edge:8000', model: 'm', blockSize: 2 }];
    const running = start(`--engines=${JSON.stringify(list)}`);
    // Streams to an address that nobody knows cannot be opened.
    await until(() => running.parts.tracker.get('Static/a')?.cache !== undefined, 20_000);
    expect(running.state('Static/a')).toBe('connecting');
    const engine = new SimulatedEngine();
    world.engines.byIp.set('edge', engine);
    engine.store('12');
    await until(() => running.matched('Static/a', '12') === 2, 20_000);
  });
});
