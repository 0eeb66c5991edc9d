import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { staticEngines } from './static-engines.js';

describe('staticEngines', () => {
  it('needs a name and an address, and asks the engine for the rest', () => {
    const [target, ...rest] = staticEngines('[{"name":"a","address":"gpu-1:8000"}]');
    expect(rest).toEqual([]);
    expect(target).toMatchObject({
      pool: { namespace: 'Static', name: '_static' },
      endpoint: { engineId: 'Static/a', ip: 'gpu-1', port: 8000, address: 'gpu-1:8000', rank: 0 },
    });
    expect(target?.identity).toBeUndefined();
    expect(target?.endpoint.kvEventsPort).toBeUndefined();
    expect(staticEngines('')).toEqual([]);
  });

  it('takes everything that an engine can be told by, rank by rank', () => {
    const engine = {
      ...{ name: 'a', namespace: 'edge', pool: 'llama', model: 'm', blockSize: 16, ranks: 2, node: 'n1' },
      ...{ events: 'tcp://[fd00::1]:6000', replay: 'tcp://[fd00::1]:6100' },
    };
    const targets = staticEngines(JSON.stringify([engine]));
    expect(targets.map(({ endpoint }) => endpoint)).toMatchObject([
      { engineId: 'edge/a', ip: 'fd00::1', rank: 0, kvEventsPort: 6000, kvReplayPort: 6100, nodeName: 'n1' },
      { engineId: 'edge/a#1', ip: 'fd00::1', rank: 1, kvEventsPort: 6001, kvReplayPort: 6101 },
    ]);
    for (const { pool, identity } of targets) {
      expect(pool).toMatchObject({ namespace: 'edge', name: 'llama' });
      expect(identity).toEqual({ model: 'm', blockSize: 16 });
    }
  });

  it('reads a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'engines-'));
    try {
      writeFileSync(join(folder, 'list.json'), '[{"name":"a","address":"h:1"}]');
      expect(staticEngines(`@${join(folder, 'list.json')}`)).toHaveLength(1);
      expect(() => staticEngines(`@${join(folder, 'none.json')}`)).toThrow(/no such file .*none\.json/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    ['{', /is not JSON: write \[\{"name":"a"/],
    ['{}', /the list: .*array/],
    ['[{"address":"h:1"}]', /0\.name/],
    ['[{"name":"a/b","address":"h:1"}]', /0\.name: must not be empty or contain/],
    ['[{"name":"a"}]', /0\.address: give address, or model/],
    ['[{"name":"a","model":"m"}]', /0\.events: give events, or address/],
    ['[{"name":"a","address":"h"}]', /0\.address: must be host:port/],
    ['[{"name":"a","address":"h:99999"}]', /0\.address: must be host:port/],
    ['[{"name":"a","address":"h:1","events":"h:2"}]', /0\.events: must be tcp:\/\/host:port/],
    ['[{"name":"a","address":"h:1","replay":"tcp://x:2"}]', /0\.replay: must be on the host of events/],
    ['[{"name":"a","address":"h:1","rank":2}]', /0.*rank/],
    ['[{"name":"a","address":"h:0"}]', /0\.address: must be host:port/],
    ['[{"name":"a","model":"m","events":"tcp://*:5557"}]', /0\.events: must be tcp:\/\/host:port/],
    ['[{"name":"a","model":"m","events":"tcp://h:65535","ranks":2}]', /0\.ranks: the port of the last rank/],
    ['[{"name":"a","address":"h:1"},{"name":"a","address":"h:2"}]', /two engines have the same/],
    ['[{"name":"a","address":"h:1"},{"name":"b","address":"h:2"}]', /two engines have their events at one/],
    [
      '[{"name":"a","model":"m","events":"tcp://h:6","ranks":2},{"name":"b","model":"m","events":"tcp://h:7"}]',
      /two engines have their events at one/,
    ],
  ])('refuses %s, and says where', (text, says) => {
    expect(() => staticEngines(text)).toThrow(says);
  });
});
