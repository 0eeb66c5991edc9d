import { z } from 'zod';
import { EVENTS, type EventDefinition } from './events/index.js';

type Json = Readonly<Record<string, unknown>>;

/** JSON Schema (2020-12) of an event's data, as every language can check it. */
export function eventSchema(definition: EventDefinition): Json {
  return {
    $id: `https://penstock.dev/schemas/events/${definition.type}.v${definition.version}.json`,
    ...z.toJSONSchema(definition.schema),
  };
}

/** The AsyncAPI 3.0 document of every event: one channel per event type. */
export function asyncApiDocument(): Json {
  const definitions = Object.values(EVENTS) as EventDefinition[];
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Penstock events',
      version: '1.0.0',
      license: { name: 'Apache-2.0' },
      description:
        'Events between Penstock services, on NATS JetStream. Attributes are CloudEvents 1.0 in binary mode (headers `ce-…`); ' +
        'the payload is the JSON described here. Subject tokens are encoded: see libs/messaging.',
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(definitions.map((d) => [channelName(d), channel(d)])),
    operations: Object.fromEntries(
      definitions.map((d) => [
        `publish${camel(d.type)}`,
        {
          action: 'send',
          channel: { $ref: `#/channels/${channelName(d)}` },
          summary: `${d.publisher} publishes ${d.type}`,
        },
      ]),
    ),
    components: {
      messages: Object.fromEntries(
        definitions.map((d) => [
          camel(d.type),
          {
            name: d.type,
            title: d.type,
            summary: d.schema.description,
            contentType: 'application/json',
            payload: {
              schemaFormat: 'application/schema+json;version=draft-2020-12',
              schema: eventSchema(d),
            },
          },
        ]),
      ),
    },
  };
}

function channel(definition: EventDefinition): Json {
  const key = definition.key ? '.{key}' : '';
  return {
    address: `penstock.v${definition.version}.${definition.type}.{namespace}.{pool}${key}`,
    messages: { [camel(definition.type)]: { $ref: `#/components/messages/${camel(definition.type)}` } },
    parameters: {
      namespace: { description: 'Kubernetes namespace of the pool' },
      pool: { description: 'Name of the InferencePool' },
      ...(definition.key ? { key: { description: definition.key } } : {}),
    },
    'x-jetstream-stream': definition.stream,
  };
}

const camel = (type: string) => type.replace(/(?:^|\.)(\w)/g, (_, letter: string) => letter.toUpperCase());
const channelName = (definition: EventDefinition) =>
  definition.type.replace(/\.(\w)/g, (_, letter: string) => letter.toUpperCase());
