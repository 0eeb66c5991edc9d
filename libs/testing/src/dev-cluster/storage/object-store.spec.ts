import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ApiObject } from '../object/api-object.js';
import { Journal, type JournalOptions } from './journal.js';
import { ObjectStore, type ObjectStoreOptions } from './object-store.js';

const object = (name: string, value: number, namespace = 'ns'): ApiObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, uid: name, resourceVersion: '', creationTimestamp: '' },
  data: { value },
});

describe('ObjectStore', () => {
  let directory: string;
  const open = (journal: JournalOptions = {}, options: ObjectStoreOptions = {}): ObjectStore =>
    new ObjectStore(new Journal(directory, journal), options);

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'penstock-store-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  /** Writes and deletions of a few objects, as a plain map would hold them. */
  const steps = fc.array(fc.record({ name: fc.constantFrom('a', 'b', 'c'), value: fc.option(fc.nat(9)) }), {
    maxLength: 60,
  });

  it('is after a restart what it was before, also through compactions', () => {
    fc.assert(
      fc.property(steps, fc.constantFrom(1, 300, 1e9), (changes, compactAtBytes) => {
        rmSync(directory, { recursive: true, force: true });
        const store = open({ compactAtBytes });
        const model = new Map<string, number>();
        for (const { name, value } of changes) {
          const current = store.get('configmaps', 'ns', name);
          if (value !== null) {
            store.put('configmaps', object(name, value));
            model.set(name, value);
          } else if (current) {
            store.remove('configmaps', current);
            model.delete(name);
          }
        }
        const again = open({ compactAtBytes });
        expect(again.revision).toBe(store.revision);
        expect(again.list('configmaps')).toEqual(store.list('configmaps'));
        const values = again
          .list('configmaps')
          .map((o) => [o.metadata.name, (o['data'] as { value: number }).value]);
        expect(values).toEqual([...model].sort());
      }),
      { numRuns: 60 },
    );
  });

  it('tells everyone every change once, in order, also changes made while telling', () => {
    const store = open();
    const heard: number[] = [];
    store.subscribe(({ revision, type, object: changed }) => {
      if (type === 'ADDED' && changed.metadata.name === 'first') store.put('configmaps', object('second', 1));
      heard.push(-revision);
    });
    store.subscribe(({ revision }) => heard.push(revision));
    store.put('configmaps', object('first', 1));
    expect(heard).toEqual([-1, 1, -2, 2]);
  });

  it('looks back as far as the history reaches, and not into the future', () => {
    const store = open({}, { historyLimit: 3 });
    for (let i = 0; i < 7; i++) store.put('configmaps', object(`o${i}`, i));
    expect(store.eventsSince(5)?.map((e) => e.revision)).toEqual([6, 7]);
    expect(store.eventsSince(7)).toEqual([]);
    expect(store.eventsSince(8)).toBeUndefined();
    expect(store.eventsSince(1)).toBeUndefined();
    store.compactHistory();
    expect(store.eventsSince(6)).toBeUndefined();
    expect(store.eventsSince(7)).toEqual([]);
  });

  it('still knows the changes since the snapshot after a restart', () => {
    const store = open();
    store.put('configmaps', object('a', 1));
    store.put('configmaps', object('a', 2));
    const [first, second] = open().eventsSince(0) ?? [];
    expect(first).toMatchObject({ type: 'ADDED', revision: 1 });
    expect(second).toMatchObject({ type: 'MODIFIED', revision: 2, previous: { data: { value: 1 } } });
  });

  it('forgets a line that was not written to its end, at whatever byte it was torn', () => {
    const store = open();
    store.put('configmaps', object('a', 1));
    const whole = readFileSync(join(directory, 'journal.jsonl'), 'utf8');
    for (const cut of [1, 10, whole.length - 1]) {
      rmSync(directory, { recursive: true });
      open().put('configmaps', object('a', 1));
      appendFileSync(join(directory, 'journal.jsonl'), whole.slice(0, cut));
      const again = open();
      expect(again.revision).toBe(1);
      again.put('configmaps', object('b', 2));
      expect(open().list('configmaps')).toHaveLength(2);
    }
  });

  it('changes nothing when the journal cannot take a change', () => {
    const journal = new Journal(directory);
    const store = new ObjectStore(journal);
    store.put('configmaps', object('a', 1));
    const { size } = statSync(join(directory, 'journal.jsonl'));
    // A cyclic object stands for any failure of the write.
    const broken = object('b', 2);
    broken['self'] = broken;
    expect(() => store.put('configmaps', broken)).toThrow();
    expect(store.revision).toBe(1);
    expect(store.get('configmaps', 'ns', 'b')).toBeUndefined();
    expect(statSync(join(directory, 'journal.jsonl')).size).toBe(size);
  });
});
