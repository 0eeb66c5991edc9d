import { z } from 'zod';
import { EVENTS, type EventDefinition, type StreamName } from './events/index.js';

type Json = Readonly<Record<string, unknown>>;

/** What the contracts do not know themselves. */
export interface AsyncApiDetails {
  /** What to say of a JetStream stream, e.g. its retention. */
  readonly streams?: Readonly<Partial<Record<StreamName, Json>>>;
  /** One message per event type as it travels: header values as written, data parsed. */
  readonly examples?: Readonly<Record<string, { readonly headers: Json; readonly payload: unknown }>>;
}

/** JSON Schema (2020-12) of an event's data, as every language can check it. */
export function eventSchema(definition: EventDefinition): Json {
  return {
    $id: `https://penstock.dev/schemas/events/${definition.type}.v${definition.version}.json`,
    ...z.toJSONSchema(definition.schema),
  };
}

/**
 * The subject of an event with the names of its variable tokens in braces. Its `v1` is the version of these names; that of
 * the data is in a header.
 */
export function subjectTemplate({ type, key }: EventDefinition): string {
  return `penstock.v1.${type}.{namespace}.{pool}${key ? '.{key}' : ''}`;
}

/** The AsyncAPI 3.0 document of every event: one channel per event type, which the suite sends to. */
export function asyncApiDocument(details: AsyncApiDetails = {}): Json {
  const definitions = Object.values(EVENTS) as EventDefinition[];
  const eachEvent = (build: (definition: EventDefinition) => readonly [string, unknown]) =>
    Object.fromEntries(definitions.map(build));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Penstock events',
      version: '1.0.0',
      license: { name: 'Apache-2.0' },
      description:
        'Events between Penstock services, on NATS JetStream. Attributes are CloudEvents 1.0 in binary mode (headers `ce-…`); ' +
        'the payload is the JSON described here. Namespace, pool and key are encoded in subjects: letters, digits, `_` and `-` ' +
        'stay, every other UTF-8 byte becomes `=XX` (upper-case hexadecimal), the empty text is `=`.',
    },
    defaultContentType: 'application/json',
    servers: {
      nats: {
        host: '{address}',
        protocol: 'nats',
        description: 'The NATS servers of the suite, JetStream enabled.',
        variables: { address: { default: '127.0.0.1:4222', description: 'Address and port of a server' } },
      },
    },
    channels: eachEvent((d) => [channelName(d), channel(d, details)]),
    operations: eachEvent((d) => [
      `publish${messageName(d)}`,
      {
        action: 'send',
        channel: { $ref: `#/channels/${channelName(d)}` },
        summary: `${d.publisher} publishes ${d.type}`,
      },
    ]),
    components: {
      messages: eachEvent((d) => [messageName(d), message(d, details)]),
      messageTraits: { cloudEvent: { headers: HEADERS } },
    },
  };
}

function channel(definition: EventDefinition, { streams }: AsyncApiDetails): Json {
  const name = messageName(definition);
  return {
    address: subjectTemplate(definition),
    messages: { [name]: { $ref: `#/components/messages/${name}` } },
    parameters: {
      namespace: { description: 'Kubernetes namespace of the pool' },
      pool: { description: 'Name of the InferencePool' },
      ...(definition.key ? { key: { description: definition.key } } : {}),
    },
    'x-jetstream': { stream: definition.stream, ...streams?.[definition.stream] },
  };
}

function message(definition: EventDefinition, { examples }: AsyncApiDetails): Json {
  const example = examples?.[definition.type];
  return {
    name: definition.type,
    title: definition.type,
    summary: definition.schema.description,
    contentType: 'application/json',
    traits: [{ $ref: '#/components/messageTraits/cloudEvent' }],
    payload: {
      schemaFormat: 'application/schema+json;version=draft-2020-12',
      schema: eventSchema(definition),
    },
    ...(example ? { examples: [example] } : {}),
  };
}

const header = (description: string, more: Json = {}): Json => ({ type: 'string', description, ...more });
/** Values are percent-encoded outside printable ASCII, and space, `"` and `%` (CloudEvents HTTP binding §3.1.3.2). */
const HEADERS: Json = {
  type: 'object',
  required: [
    ...['ce-id', 'ce-source', 'ce-specversion', 'ce-type', 'ce-time', 'ce-dataversion'],
    ...['content-type', 'penstock-epoch'],
  ],
  properties: {
    'ce-id': header('Identity of the event: the same in every delivery'),
    'ce-source': header('Service and replica that published it'),
    'ce-specversion': header('Version of CloudEvents', { const: '1.0' }),
    'ce-type': header('Type of the event, the same as in the subject'),
    'ce-time': header('When it was published', { format: 'date-time' }),
    'ce-dataversion': header('Major version of the data'),
    'content-type': header('Form of the payload', { const: 'application/json' }),
    'penstock-epoch': header('Life of the publisher: another one after a restart'),
    traceparent: header('W3C trace context of the request it belongs to'),
    'Nats-Msg-Id': header('JetStream stores one message with this value inside the duplicate window'),
  },
};

const messageName = ({ type }: EventDefinition) =>
  type.replace(/(?:^|\.)(\w)/g, (_, letter: string) => letter.toUpperCase());
const channelName = ({ type }: EventDefinition) =>
  type.replace(/\.(\w)/g, (_, letter: string) => letter.toUpperCase());
