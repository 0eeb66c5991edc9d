import { describe, expect, it } from '@jest/globals';
import type { PoolView } from '@penstock/cluster';
import type { Pod } from '@penstock/contracts';
import { labelledPools } from './labelled-engines.js';
import { targetsOf } from './targets-of.js';

const pod = (namespace: string, name: string, labels: Record<string, string>, args: string[] = []): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels },
    spec: {
      containers: [
        {
          name: 'engine',
          args,
          ports: [
            { name: 'kv-events', containerPort: 7000 },
            ...(labels['port'] ? [{ name: 'http', containerPort: Number(labels['port']) }] : []),
          ],
        },
      ],
    },
    status: { phase: 'Running', podIP: '10.0.0.1' },
  }) as Pod;

const pool = {
  pool: { namespace: 'ns', name: 'p', selector: { app: 'engine' }, targetPorts: [8000] },
  endpoints: [],
} as unknown as PoolView;

describe('engines by their labels', () => {
  it('are those that no pool of their namespace selects, on the port that they name', () => {
    const pods = [
      pod('ns', 'selected', { app: 'engine' }),
      pod('ns', 'other', { app: 'other', port: '9000' }),
      pod('elsewhere', 'engine', { app: 'engine' }),
    ];
    expect(labelledPools(pods, [pool], 8000)).toMatchObject([
      {
        pool: { namespace: 'ns', name: '_labelled' },
        endpoints: [{ engineId: 'ns/other', address: '10.0.0.1:9000' }],
      },
      {
        pool: { namespace: 'elsewhere', name: '_labelled' },
        endpoints: [{ engineId: 'elsewhere/engine', address: '10.0.0.1:8000', kvEventsPort: 7000 }],
      },
    ]);
    expect(labelledPools([], [pool], 8000)).toEqual([]);
  });

  it('are one per data-parallel rank, at one address and on event ports of their own', () => {
    const views = labelledPools([pod('ns', 'a', {}, ['--data-parallel-size', '3'])], [], 8000);
    expect(Array.from(targetsOf(views), ({ endpoint }) => endpoint)).toMatchObject([
      { engineId: 'ns/a', rank: 0, address: '10.0.0.1:8000', kvEventsPort: 7000 },
      { engineId: 'ns/a#1', rank: 1, address: '10.0.0.1:8000', kvEventsPort: 7001 },
      { engineId: 'ns/a#2', rank: 2, address: '10.0.0.1:8000', kvEventsPort: 7002 },
    ]);
  });
});
