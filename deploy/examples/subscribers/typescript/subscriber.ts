// Prints one line per event of a running suite: every routing decision, through a durable consumer that goes on where it
// stopped, and what happens to KV blocks from now on. Stop it with Ctrl-C.
//   npm install && node subscriber.ts [nats://127.0.0.1:4222]
import { AckPolicy, connect, DeliverPolicy, type JsMsg, type NatsConnection } from 'nats';
import { describe } from './describe.ts';

const DURABLE = 'example-typescript';
/** Streams are made by the first service that connects: until then one is looked for every second. */
const RETRY_MS = 1000;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs until the connection is closed for good; what fails on the way is said and tried again. */
async function keepTrying(
  connection: NatsConnection,
  what: string,
  work: () => Promise<void>,
): Promise<void> {
  while (!connection.isClosed() && !connection.isDraining()) {
    try {
      await work();
    } catch (error) {
      if (connection.isClosed() || connection.isDraining()) return;
      process.stderr.write(`${what}: ${(error as Error).message}; again in ${RETRY_MS} ms\n`);
      await sleep(RETRY_MS);
    }
  }
}

/** Every decision once at least: the server remembers by the durable name which ones were acknowledged. */
async function consumeDecisions(connection: NatsConnection): Promise<void> {
  const manager = await connection.jetstreamManager();
  await manager.consumers.add('PENSTOCK_ROUTING', {
    durable_name: DURABLE,
    filter_subject: 'penstock.v1.routing.decided.>',
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
  });
  const consumer = await connection.jetstream().consumers.get('PENSTOCK_ROUTING', DURABLE);
  for await (const message of await consumer.consume()) {
    print(message);
    // Only now: a subscriber that dies before this gets the event again.
    message.ack();
  }
}

/** Every event in order from now on; nothing is remembered when this process ends. */
async function follow(connection: NatsConnection, stream: string, subject: string): Promise<void> {
  const consumer = await connection.jetstream().consumers.get(stream, {
    filterSubjects: subject,
    deliver_policy: DeliverPolicy.New,
  });
  for await (const message of await consumer.consume()) print(message);
}

function print(message: JsMsg): void {
  process.stdout.write(`${describe(message.subject, (name) => message.headers?.get(name), message.data)}\n`);
}

const servers = process.argv[2] ?? process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222';
try {
  const connection = await connect({ servers, name: 'example subscriber', maxReconnectAttempts: -1 });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void connection.drain());
  process.stderr.write(`connected to ${connection.getServer()}\n`);
  await Promise.all([
    keepTrying(connection, 'routing.decided', () => consumeDecisions(connection)),
    keepTrying(connection, 'kv.delta', () => follow(connection, 'PENSTOCK_KV', 'penstock.v1.kv.delta.>')),
    keepTrying(connection, 'tier', () => follow(connection, 'PENSTOCK_TIER', 'penstock.v1.tier.>')),
  ]);
} catch (error) {
  process.stderr.write(`cannot connect to ${servers}: ${(error as Error).message}; is NATS there?\n`);
  process.exit(1);
}
