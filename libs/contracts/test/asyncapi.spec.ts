import { readFileSync } from 'node:fs';
import specs from '@asyncapi/specs';
import { describe, expect, it } from '@jest/globals';
import { asyncApiDocument, EVENTS, type EventDefinition, eventSchema } from '@penstock/contracts';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

const reference = (name: string) =>
  readFileSync(new URL(`../../../docs/reference/${name}`, import.meta.url), 'utf8');
const definitions = Object.values(EVENTS) as EventDefinition[];

interface Message {
  readonly name: string;
  readonly payload: { readonly schema: object };
  readonly examples: ReadonlyArray<{ readonly headers: object; readonly payload: object }>;
}
interface Document {
  readonly channels: Record<string, { address: string; 'x-jetstream': { stream: string; maxAgeMs: number } }>;
  readonly components: {
    readonly messages: Record<string, Message>;
    readonly messageTraits: { readonly cloudEvent: { readonly headers: object } };
  };
}
const document: Document = parse(reference('asyncapi.yaml'));

// The schema brings its own copy of JSON Schema draft 7, by the name under which ajv has one.
const ajv = addFormats.default(new Ajv({ strict: false, meta: false, validateSchema: false }));
const isAsyncApi = ajv.compile(specs.schemas['3.0.0']);

/** Every `$ref` of a document; all of ours are inside it. */
function refs(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(refs);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => (key === '$ref' ? [String(value)] : refs(value)));
}

describe('the AsyncAPI document', () => {
  it('is one by the schema of AsyncAPI 3.0, with and without what messaging adds', () => {
    for (const candidate of [document, asyncApiDocument()]) {
      expect([isAsyncApi(candidate), isAsyncApi.errors ?? []]).toEqual([true, []]);
    }
    expect(isAsyncApi({ ...document, channels: { kvDelta: { adress: 'penstock.v1.kv.delta' } } })).toBe(
      false,
    );
  });

  it('refers only to what it holds', () => {
    const all = refs(document);
    expect(all).toHaveLength(3 * definitions.length);
    for (const ref of all) {
      const path = ref.replace(/^#\//, '').split('/');
      expect([
        ref,
        path.reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], document),
      ]).toEqual([ref, expect.any(Object)]);
    }
  });

  it('has one channel per event, and says how long its stream keeps it', () => {
    const channels = Object.values(document.channels);
    const expected = definitions.map((d) => [
      `penstock.v1.${d.type}.{namespace}.{pool}${d.key ? '.{key}' : ''}`,
      d.stream,
    ]);
    expect(channels.map((c) => [c.address, c['x-jetstream'].stream])).toEqual(expected);
    for (const channel of channels) expect(channel['x-jetstream'].maxAgeMs).toBeGreaterThan(0);
  });

  it.each(Object.values(document.components.messages).map((m) => [m.name, m] as const))(
    '%s: its example fits its schemas',
    (_, { payload, examples }) => {
      const isData = addFormats.default(new Ajv2020({ strict: false })).compile(payload.schema);
      const hasHeaders = ajv.compile(document.components.messageTraits.cloudEvent.headers);
      expect(examples).toHaveLength(1);
      for (const example of examples) {
        expect([isData(example.payload), isData.errors]).toEqual([true, null]);
        expect([hasHeaders(example.headers), hasHeaders.errors]).toEqual([true, null]);
        expect(hasHeaders({ ...example.headers, 'ce-specversion': '0.3' })).toBe(false);
      }
    },
  );
});

describe('the page of the events', () => {
  const page = reference('events.md');
  const sections = new Map(page.split(/^## /m).map((text) => [text.slice(0, text.indexOf('\n')), text]));

  it.each(definitions.map((d) => [d.type, d] as const))('%s: subject, stream and every field', (type, d) => {
    const section = sections.get(type) ?? '';
    expect(section).toContain(`\`penstock.v1.${type}.{namespace}.{pool}`);
    expect(section).toContain(`\`${d.stream}\``);
    const { properties } = eventSchema(d) as { properties: object };
    for (const field of Object.keys(properties))
      expect(section).toMatch(new RegExp(`^\\| \`${field}\` \\|`, 'm'));
  });
});
