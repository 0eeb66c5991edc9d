import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { defineBuiltin } from './define-resource.js';
import type { KindView } from './resource.js';

/** Fields of events.k8s.io/v1 and what core/v1 calls them; all others have one name. */
const CORE_NAMES: Readonly<Record<string, string>> = {
  regarding: 'involvedObject',
  note: 'message',
  reportingController: 'reportingComponent',
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
};
const NEW_NAMES = Object.fromEntries(Object.entries(CORE_NAMES).map(([to, from]) => [from, to]));

function renamed(object: JsonObject, names: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [names[key] ?? key, value]));
}

/** Events as events.k8s.io/v1 shows them; they are one with those of core/v1. */
const EVENT_VIEW: KindView = {
  of: 'events',
  apiVersion: 'events.k8s.io/v1',
  read: (body: Json): Json => {
    if (!isObject(body)) return body;
    const event = renamed(body, CORE_NAMES);
    return event['apiVersion'] === undefined ? event : { ...event, apiVersion: 'v1' };
  },
  show: (event: ApiObject): ApiObject => {
    // Who reports is always said in the core form, here only when it is known.
    const { reportingComponent, reportingInstance, ...rest } = event;
    const reporter = {
      ...(reportingComponent ? { reportingComponent } : {}),
      ...(reportingInstance ? { reportingInstance } : {}),
    };
    return { ...(renamed({ ...rest, ...reporter }, NEW_NAMES) as ApiObject), apiVersion: 'events.k8s.io/v1' };
  },
  field: (path: string): string => {
    const [first = '', ...rest] = path.split('.');
    return [CORE_NAMES[first] ?? first, ...rest].join('.');
  },
};

export const EVENT_VIEWS = defineBuiltin(
  'events.Event',
  { group: 'events.k8s.io', plural: 'events', kind: 'Event', namespaced: true },
  { shortNames: ['ev'], view: EVENT_VIEW },
);
