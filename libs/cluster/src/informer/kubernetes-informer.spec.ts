import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Pod, podKind } from '@penstock/contracts';
import { eventually } from '../../test/eventually.js';
import { list, pod, type Script, ScriptedApiServer, status, watch } from '../../test/scripted-api-server.js';
import { type ClusterNotice, KubernetesCluster } from '../index.js';

let server: ScriptedApiServer;
let cluster: KubernetesCluster;
let notices: ClusterNotice[];
let seen: string[];

afterEach(async () => {
  await cluster.close();
  await server.stop();
});

async function follow(script: Script, options: { watchIdleMs?: number; throws?: boolean } = {}) {
  server = await new ScriptedApiServer(script).start();
  notices = [];
  seen = [];
  cluster = new KubernetesCluster({
    service: 'test',
    url: server.url,
    backoff: { initialMs: 20, maxMs: 200 },
    watchIdleMs: options.watchIdleMs,
    onNotice: (notice) => notices.push(notice),
  });
  return cluster.inform<Pod>(
    podKind,
    { labelSelector: 'app=engine' },
    {
      onUpsert: (object) => {
        seen.push(`+${object.metadata.name}@${object.metadata.resourceVersion}`);
        if (options.throws === true) throw new Error('handler bug');
      },
      onDelete: (object) => seen.push(`-${object.metadata.name}`),
      onSync: () => seen.push('sync'),
    },
  );
}

const ended = () => notices.flatMap((notice) => (notice.kind === 'watch-ended' ? notice.reason : []));

describe('KubernetesInformer', () => {
  it('lists, then watches from the version of the list and of every event, whatever it looks like', async () => {
    const open: ServerResponse[] = [];
    const informer = await follow((request, response) => {
      if (!request.query.has('watch')) return list(response, 'v~zz', [pod('a', 'q7'), pod('b', 'q2')]);
      open.push(response);
      if (open.length === 1) {
        watch(response, [
          { type: 'MODIFIED', object: pod('a', 'a1') },
          { type: 'MODIFIED', object: pod('a', 'a1') },
          { type: 'DELETED', object: pod('b', 'a0') },
          { type: 'ADDED', object: pod('c', 'b1') },
          { type: 'BOOKMARK', object: { metadata: { resourceVersion: '0-mark' } } },
        ]);
        response.end();
      } else watch(response);
    });
    await eventually(
      () => server.watches.length,
      (n) => n === 2,
    );
    expect(server.lists).toHaveLength(1);
    expect(server.watches.map((request) => request.query.get('resourceVersion'))).toEqual(['v~zz', '0-mark']);
    expect(server.watches[0]?.query.get('allowWatchBookmarks')).toBe('true');
    expect(server.watches[0]?.query.get('labelSelector')).toBe('app=engine');
    expect(seen).toEqual(['+a@q7', '+b@q2', 'sync', '+a@a1', '-b', '+c@b1']);
    expect(informer.list().map((object) => object.metadata.name)).toEqual(['a', 'c']);
    expect(informer.get('default', 'c')?.kind).toBe('Pod');
    expect(informer.synced).toBe(true);
  });

  it.each(['answer', 'event'])(
    'lists again when the version is gone, said by the %s, and reports the delete that it missed',
    async (how) => {
      let lists = 0;
      let watches = 0;
      await follow((request, response) => {
        if (!request.query.has('watch')) {
          lists++;
          return lists === 1
            ? list(response, '1', [pod('a', '1'), pod('b', '1')])
            : list(response, '9', [pod('b', '1'), pod('c', '9')]);
        }
        watches++;
        if (watches > 1) return watch(response);
        if (how === 'answer') return status(response, 410, 'Expired');
        watch(response, [
          { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } },
        ]);
      });
      await eventually(
        () => server.watches.length,
        (n) => n === 2,
      );
      expect(seen).toEqual(['+a@1', '+b@1', 'sync', '-a', '+c@9', 'sync']);
      expect(server.watches[1]?.query.get('resourceVersion')).toBe('9');
      expect(ended()).toEqual(['gone']);
    },
  );

  it('takes an object that was deleted and made again for two', async () => {
    await follow((request, response) => {
      if (!request.query.has('watch')) return list(response, '1', [pod('a', '1', 'first')]);
      watch(response, [{ type: 'MODIFIED', object: pod('a', '5', 'second') }]);
    });
    await eventually(
      () => seen,
      (s) => s.length === 4,
    );
    expect(seen).toEqual(['+a@1', 'sync', '-a', '+a@5']);
  });

  it('makes a watch anew that fell silent, from where it was, and loses nothing', async () => {
    const informer = await follow(
      (request, response) => {
        if (!request.query.has('watch')) return list(response, '1', []);
        // The first watch is accepted and then says nothing: as after a network cut without reset.
        if (server.watches.length === 1) return watch(response);
        watch(response, [{ type: 'ADDED', object: pod('late', '2') }]);
      },
      { watchIdleMs: 300 },
    );
    await eventually(() => informer.synced, Boolean);
    await sleep(200);
    expect(informer.ageMs()).toBeGreaterThan(150);
    await eventually(
      () => informer.list().length,
      (n) => n === 1,
    );
    expect(informer.ageMs()).toBeLessThan(250);
    expect(server.lists).toHaveLength(1);
    expect(server.watches.map((request) => request.query.get('resourceVersion'))).toEqual(['1', '1']);
    expect(ended()).toEqual(['silent']);
  });

  it('watches again from the last good event when a line is broken', async () => {
    await follow((request, response) => {
      if (!request.query.has('watch')) return list(response, '1', []);
      if (server.watches.length > 1) return watch(response, [{ type: 'ADDED', object: pod('b', '3') }]);
      watch(response, [{ type: 'ADDED', object: pod('a', '2') }]);
      response.write('{"type":"ADDED","obj\n');
      response.write(`${JSON.stringify({ type: 'ADDED', object: pod('c', '4') })}\n`);
    });
    await eventually(
      () => server.watches.length,
      (n) => n === 2,
    );
    await eventually(
      () => seen.length,
      (n) => n === 3,
    );
    expect(server.watches[1]?.query.get('resourceVersion')).toBe('2');
    expect(seen).toEqual(['sync', '+a@2', '+b@3']);
    expect(ended()).toEqual(['broken']);
  });

  it('waits as long as Retry-After says', async () => {
    const informer = await follow((request, response) => {
      if (request.query.has('watch')) return watch(response);
      if (server.requests.length === 1)
        return status(response, 429, 'TooManyRequests', { 'retry-after': '1' });
      list(response, '1', []);
    });
    await eventually(() => informer.synced, Boolean);
    const [first, second] = server.requests;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it.each<[string, Script]>([
    ['answers 500', (_request, response) => status(response, 500, 'InternalError')],
    ['resets every connection', (_request, response) => void response.socket?.destroy()],
    [
      'ends every watch at once',
      (request, response) => {
        if (!request.query.has('watch')) return list(response, '1', []);
        watch(response);
        response.end();
      },
    ],
    [
      'calls every version gone',
      (request, response) => {
        if (!request.query.has('watch')) return list(response, '1', []);
        status(response, 410, 'Expired');
      },
    ],
  ])('does not hammer an API that %s', async (_how, script) => {
    await follow(script);
    await sleep(1000);
    // Delays double from 20 ms to 200 ms, each at least halved by jitter: at most about 13 rounds of two requests.
    expect(server.requests.length).toBeGreaterThan(4);
    expect(server.requests.length).toBeLessThan(30);
  });

  it('keeps its objects while the API is away, and catches up', async () => {
    let items = [pod('a', '1'), pod('b', '1')];
    const informer = await follow((request, response) => {
      if (!request.query.has('watch')) return list(response, String(server.lists.length), items);
      if (request.query.get('resourceVersion') === '1' && server.watches.length > 1)
        return status(response, 410, 'Expired');
      watch(response);
    });
    await eventually(
      () => server.watches.length,
      (n) => n === 1,
    );
    await server.stop();
    items = [pod('b', '1')];
    await eventually(ended, (reasons) => reasons.includes('failed'));
    expect(informer.list()).toHaveLength(2);
    expect(informer.synced).toBe(true);
    await server.start();
    await eventually(
      () => informer.list().length,
      (n) => n === 1,
    );
    expect(seen.at(-2)).toBe('-a');
  });

  it('has no objects of a kind that is not installed, and finds them once it is', async () => {
    let installed = false;
    const informer = await follow((request, response) => {
      if (!installed) return void response.writeHead(404).end('404 page not found');
      if (request.query.has('watch')) return watch(response);
      list(response, '1', [pod('a', '1')]);
    });
    await eventually(() => informer.synced, Boolean);
    expect(informer.list()).toEqual([]);
    installed = true;
    await eventually(
      () => informer.list().length,
      (n) => n === 1,
    );
    expect(notices.filter((notice) => notice.kind === 'kind-absent')).toHaveLength(1);
  });

  it('gives up objects that it has seen only after several answers that the kind is unknown', async () => {
    let absent = 0;
    const informer = await follow((request, response) => {
      if (request.query.has('watch')) return status(response, 410, 'Expired');
      if (server.lists.length === 1) return list(response, '1', [pod('a', '1')]);
      absent++;
      response.writeHead(404).end('404 page not found');
    });
    await eventually(
      () => absent,
      (n) => n === 2,
    );
    expect(informer.list()).toHaveLength(1);
    await eventually(
      () => informer.list().length,
      (n) => n === 0,
    );
    expect(absent).toBeGreaterThanOrEqual(3);
    expect(seen).toContain('-a');
  });

  it('goes on when a handler throws', async () => {
    await follow(
      (request, response) => {
        if (!request.query.has('watch')) return list(response, '1', [pod('a', '1')]);
        watch(response, [{ type: 'ADDED', object: pod('b', '2') }]);
      },
      { throws: true },
    );
    await eventually(
      () => seen,
      (s) => s.includes('+b@2'),
    );
    expect(notices.filter((notice) => notice.kind === 'handler-failed')).toHaveLength(2);
    expect(ended()).toEqual([]);
  });

  it('drops managed fields, which nobody reads here', async () => {
    const informer = await follow((request, response) => {
      if (request.query.has('watch')) return watch(response);
      const object = pod('a', '1');
      list(response, '1', [
        { ...object, metadata: { ...object.metadata, managedFields: [{ manager: 'x' }] } },
      ]);
    });
    await eventually(() => informer.synced, Boolean);
    expect(informer.get('default', 'a')?.metadata).toEqual(pod('a', '1').metadata);
  });

  it('stops: no request and no handler afterwards', async () => {
    const informer = await follow((request, response) => {
      if (!request.query.has('watch')) return list(response, '1', []);
      watch(response);
    });
    await eventually(
      () => server.watches.length,
      (n) => n === 1,
    );
    await informer.stop();
    const requests = server.requests.length;
    await sleep(300);
    expect(server.requests).toHaveLength(requests);
    expect(ended()).toEqual([]);
  });
});
