import { readFileSync } from 'node:fs';
import type { Endpoint, Pool } from '@penstock/cluster';
import { z } from 'zod';
import type { EngineTarget } from './engine-target.js';
import { isHostPort } from './is-host-port.js';
import { targetsOf } from './targets-of.js';

const portOf = (address: string) => Number(address.slice(address.lastIndexOf(':') + 1));
const place = z.string().refine(isHostPort, 'must be host:port, an IPv6 address in brackets');
const socket = z
  .string()
  .refine(
    (text) => text.startsWith('tcp://') && isHostPort(text.slice('tcp://'.length)),
    'must be tcp://host:port',
  );
const name = z
  .string()
  .max(253)
  .regex(/^[^\s/#@]+$/, 'must not be empty or contain spaces, "/", "#" or "@"');

const engine = z
  .strictObject({
    name: name.describe('With the namespace the id of the engine'),
    // Neither is a name that Kubernetes would allow, so that no pod and no pool is meant by chance.
    namespace: name.default('Static'),
    pool: name.default('_static'),
    address: place.optional().describe('Where it takes requests; asked for its model when that is not given'),
    events: socket.optional().describe('Default: the host of address, and --kv-events-port'),
    replay: socket
      .optional()
      .describe(
        'Default: the host of events, and --kv-replay-port; none where events are not at --kv-events-port',
      ),
    model: z.string().min(1).max(512).optional(),
    blockSize: z.number().int().min(1).max(65_536).optional(),
    ranks: z
      .number()
      .int()
      .min(1)
      .max(1024)
      .default(1)
      .describe('Data-parallel ranks, each one port further'),
    node: z.string().max(253).optional().describe('Node whose storage it can load from'),
  })
  .refine(({ address, model }) => address !== undefined || model !== undefined, {
    path: ['address'],
    error: 'give address, or model: nobody can be asked for it',
  })
  .refine(({ address, events }) => address !== undefined || events !== undefined, {
    path: ['events'],
    error: 'give events, or address: nothing says where the engine is',
  })
  .refine(
    ({ address, events, replay }) => !replay || hostOf(replay) === hostOf(events ?? `tcp://${address}`),
    {
      path: ['replay'],
      error: 'must be on the host of events: both are sockets of one engine process',
    },
  )
  .refine(
    ({ events, replay, ranks }) =>
      [events, replay].every((end) => end === undefined || portOf(end) + ranks - 1 <= 65_535),
    { path: ['ranks'], error: 'the port of the last rank would be above 65535' },
  );

const list = z
  .array(engine)
  .max(10_000)
  .refine((all) => new Set(all.map((one) => `${one.namespace}/${one.name}`)).size === all.length, {
    error: 'two engines have the same namespace and name',
  })
  .refine((all) => new Set(all.flatMap(streamsOf)).size === all.flatMap(streamsOf).length, {
    error:
      'two engines have their events at one address, so one would hold what the other does: give each its events',
  });

/**
 * Engines that nobody announces, from a list in JSON, or in a file when the text is `@` and its path.
 *
 * @throws Error that says what is wrong with the list, where
 */
export function staticEngines(text: string): EngineTarget[] {
  const parsed = list.safeParse(jsonOf(text));
  if (!parsed.success) {
    const issues = parsed.error.issues.map(
      ({ path, message }) => `${path.join('.') || 'the list'}: ${message}`,
    );
    throw new Error(issues.join('; '));
  }
  return parsed.data.flatMap(targetsOfEngine);
}

function jsonOf(text: string): unknown {
  if (text.trim() === '') return [];
  const source = text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text;
  try {
    return JSON.parse(source);
  } catch {
    throw new Error(
      'is not JSON: write [{"name":"a","address":"host:8000"}], or @ and the path of a file with it',
    );
  }
}

function targetsOfEngine(one: z.output<typeof engine>): EngineTarget[] {
  const { namespace, name: pod, address = '', events, replay, model, ranks, node } = one;
  const pool: Pool = {
    ...{ namespace, name: one.pool, uid: '', group: '' },
    ...{ selector: {}, targetPorts: [], appProtocol: 'http' },
  };
  const endpoint: Endpoint = {
    engineId: `${namespace}/${pod}`,
    ...{ namespace, pod, podUid: '', restartCount: 0 },
    ip: hostOf(events ?? `tcp://${address}`),
    port: address === '' ? 0 : portOf(address),
    rank: 0,
    address,
    ...{ ready: true, terminating: false, draining: false, labels: {} },
    ...(ranks > 1 && { localRanks: ranks }),
    ...(node !== undefined && { nodeName: node }),
    ...(events !== undefined && { kvEventsPort: portOf(events) }),
    ...(replay !== undefined && { kvReplayPort: portOf(replay) }),
  };
  const identity = model === undefined ? {} : { identity: { model, blockSize: one.blockSize ?? 0 } };
  return Array.from(targetsOf([{ pool, endpoints: [endpoint] }]), (target) => ({ ...target, ...identity }));
}

/** Where the events of each rank are; `+n` is the usual port and n more. */
function streamsOf({ address, events, ranks }: z.output<typeof engine>): string[] {
  const host = hostOf(events ?? `tcp://${address}`);
  return Array.from({ length: ranks }, (_, n) =>
    events === undefined ? `${host} +${n}` : `${host} ${portOf(events) + n}`,
  );
}

/** Without the brackets of an IPv6 address. */
function hostOf(endpoint: string): string {
  return endpoint.slice('tcp://'.length, endpoint.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}
