import { setTimeout as sleep } from 'node:timers/promises';
import type { EventData } from '@penstock/contracts';
import type { NatsInspector } from '@penstock/messaging';
import type { Check, Finding } from '../finding.js';
import { findings } from '../findings.js';
import { routeProbe } from '../route-probe.js';

const { ok, fail, skip } = findings('events');

export interface EventFlowOptions {
  readonly inspector: Promise<NatsInspector>;
  /** Front door to send one request of one output token to; nothing is sent when absent. */
  readonly frontDoor?: string;
  /** How long an event may take. */
  readonly patienceMs: number;
  readonly timeoutMs: number;
}

/** Whether events really flow: the schedulers' reports, which come every second, and the decision on a request of our own. */
export const checkEventFlow = (options: EventFlowOptions): Check => ({
  area: 'events',
  run: async () => {
    const nats = await options.inspector.catch(() => undefined);
    if (!nats) return [skip('flow', 'NATS is not reachable', 'mend that first')];
    const seen = { reports: new Set<string>(), decided: new Map<string, string>() };
    const stop = nats.watch<EventData<'demand.reported'> | EventData<'routing.decided'>>(
      ['demand.reported', 'routing.decided'],
      ({ type, data, source, namespace, pool }) => {
        if (type === 'demand.reported') seen.reports.add(`${namespace}/${pool}`);
        else seen.decided.set((data as EventData<'routing.decided'>).requestId, source);
      },
    );
    try {
      await nats.settled();
      return await Promise.all([
        reports(seen.reports, options),
        ...(options.frontDoor === undefined ? [] : [decision(seen.decided, options.frontDoor, options)]),
      ]);
    } finally {
      stop();
    }
  },
});

async function reports(seen: ReadonlySet<string>, { patienceMs }: EventFlowOptions): Promise<Finding> {
  const startedAtMs = performance.now();
  if (await soon(() => seen.size > 0, patienceMs)) {
    const ms = Math.round(performance.now() - startedAtMs);
    return ok('demand.reported', `seen within ${ms} ms, of ${[...seen].join(', ')}`);
  }
  return fail(
    'demand.reported',
    `no scheduler has reported within ${patienceMs} ms; one reports every second for each pool`,
    'check that a scheduler runs, that it uses this NATS, and that there is an InferencePool',
  );
}

async function decision(
  decided: ReadonlyMap<string, string>,
  frontDoor: string,
  { patienceMs, timeoutMs }: EventFlowOptions,
): Promise<Finding> {
  let probe: { requestId: string; model: string };
  try {
    probe = await routeProbe(frontDoor, timeoutMs);
  } catch (error) {
    return fail(
      'routing.decided',
      `no request could be routed: ${(error as Error).message}`,
      'check that the scheduler runs and that engines are ready',
    );
  }
  const startedAtMs = performance.now();
  if (await soon(() => decided.has(probe.requestId), patienceMs)) {
    const ms = Math.round(performance.now() - startedAtMs);
    return ok(
      'routing.decided',
      `a request of ours to ${probe.model} was answered, its decision seen ${ms} ms later`,
    );
  }
  return fail(
    'routing.decided',
    `request ${probe.requestId} was answered, but its decision did not come within ${patienceMs} ms`,
    "the schedulers publish elsewhere: compare their --nats-url, and see 'nats' in their /readyz",
  );
}

async function soon(happened: () => boolean, patienceMs: number): Promise<boolean> {
  const deadline = performance.now() + patienceMs;
  while (!happened()) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}
