import { AckPolicy, type ConsumerConfig, DeliverPolicy, type JetStreamManager, NatsError, nanos } from 'nats';

export interface WantedConsumer {
  readonly stream: string;
  readonly name: string;
  readonly filterSubject: string | undefined;
  readonly ackWaitMs: number;
}

const CONSUMER_NOT_FOUND = 10014;

/**
 * Makes or corrects a durable consumer and reads it back. Returns the differences that remain, in one
 * sentence, or undefined. Deliveries are limited by us, not by the server, which would only stop delivering.
 */
export async function ensureConsumer(
  manager: JetStreamManager,
  wanted: WantedConsumer,
): Promise<string | undefined> {
  const config: Partial<ConsumerConfig> = {
    durable_name: wanted.name,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    filter_subject: wanted.filterSubject,
    ack_wait: nanos(wanted.ackWaitMs),
    max_deliver: -1,
  };
  const differences = (actual: ConsumerConfig) =>
    Object.entries(config)
      .filter(([field, value]) => actual[field as keyof ConsumerConfig] !== value)
      .map(([field, value]) => `${field} is ${actual[field as keyof ConsumerConfig]}, expected ${value}`);
  const existing = await find(manager, wanted);
  if (!existing) await manager.consumers.add(wanted.stream, config);
  else if (differences(existing).length > 0) {
    await manager.consumers.update(wanted.stream, wanted.name, config).catch((error: unknown) => {
      if (!(error instanceof NatsError) || !error.api_error) throw error;
    });
  }
  const actual = await find(manager, wanted);
  const remaining = actual ? differences(actual) : ['the server did not keep it'];
  if (remaining.length === 0) return undefined;
  return `consumer ${wanted.name} of stream ${wanted.stream} differs from what is asked for: ${remaining.join('; ')}; delete the consumer and it is made again`;
}

async function find(manager: JetStreamManager, wanted: WantedConsumer): Promise<ConsumerConfig | undefined> {
  try {
    return (await manager.consumers.info(wanted.stream, wanted.name)).config;
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.err_code === CONSUMER_NOT_FOUND) return undefined;
    throw error;
  }
}
