import { EVENTS, type EventDefinition } from '@penstock/contracts';
import { decodeToken, encodeToken } from './encode-token.js';

/** Version of the naming scheme itself; the version of an event's data is in its headers. */
export const SUBJECT_ROOT = 'penstock.v1';
/** nats-server's default limit of a control line is 4,096 bytes, which also holds the reply subject. */
export const MAX_SUBJECT_BYTES = 3500;

export interface EventPlace {
  readonly type: string;
  readonly namespace: string;
  readonly pool: string;
  readonly key?: string;
}

/** `penstock.v1.<type>.<namespace>.<pool>[.<key>]`, every token but the type's encoded. */
export function eventSubject(place: EventPlace): string {
  const base = `${SUBJECT_ROOT}.${place.type}.${encodeToken(place.namespace)}.${encodeToken(place.pool)}`;
  return place.key === undefined ? base : `${base}.${encodeToken(place.key)}`;
}

/** Reverse of `eventSubject`; undefined when the subject is not one of ours. */
export function parseEventSubject(subject: string): EventPlace | undefined {
  if (!subject.startsWith(`${SUBJECT_ROOT}.`)) return undefined;
  const tokens = subject.slice(SUBJECT_ROOT.length + 1).split('.');
  if (tokens.length !== 4 && tokens.length !== 5) return undefined;
  const [domain, event, ...rest] = tokens;
  const [namespace, pool, key] = rest.map(decodeToken);
  if (namespace === undefined || pool === undefined) return undefined;
  if (tokens.length === 5 && key === undefined) return undefined;
  return { type: `${domain}.${event}`, namespace, pool, key };
}

export interface SubjectFilter {
  readonly types: readonly string[];
  readonly namespace?: string;
  readonly pool?: string;
}

/**
 * One filter that covers all `types` of one stream: nats-server before 2.10 takes only one filter per
 * consumer, and only one consumer keeps the order between types. It may cover more types than asked for.
 * Undefined (the whole stream) when the types have no domain in common: a filter must lie inside one of the
 * stream's subjects.
 */
export function subjectFilter({ types, namespace, pool }: SubjectFilter): string | undefined {
  const same = (values: readonly (string | undefined)[]) =>
    new Set(values).size === 1 ? values[0] : undefined;
  const domain = same(types.map((type) => type.split('.')[0]));
  if (domain === undefined) return undefined;
  const event = same(types.map((type) => type.split('.')[1])) ?? '*';
  const base = `${SUBJECT_ROOT}.${domain}.${event}`;
  if (namespace === undefined && pool === undefined) return `${base}.>`;
  const namespaceToken = namespace === undefined ? '*' : encodeToken(namespace);
  if (pool === undefined) return `${base}.${namespaceToken}.>`;
  const hasKey = types.some((type) => definitionOf(type).key !== undefined);
  return `${base}.${namespaceToken}.${encodeToken(pool)}${hasKey ? '.>' : ''}`;
}

/** Whether an event is one that the filter asks for. */
export function isWanted({ types, namespace, pool }: SubjectFilter, place: EventPlace): boolean {
  return (
    types.includes(place.type) &&
    (namespace === undefined || namespace === place.namespace) &&
    (pool === undefined || pool === place.pool)
  );
}

/** The contract of an event type; throws for a type that is not in the table. */
export function definitionOf(type: string): EventDefinition {
  const definition = Object.hasOwn(EVENTS, type) ? EVENTS[type as keyof typeof EVENTS] : undefined;
  if (!definition)
    throw new Error(`event type ${JSON.stringify(type)} is not in the contracts table (EVENTS)`);
  return definition;
}
