import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ManagedServer, startNats, until } from '@penstock/testing';
import { NatsEventBus, NatsInspector } from '../src/index.js';

const LOGIN = { user: 'me', password: 'p@w' };
let server: ManagedServer;
beforeAll(async () => {
  server = await startNats({ login: LOGIN });
}, 60_000);
afterAll(() => server?.stop(), 60_000);

describe('credentials', () => {
  it('are taken from the URL, and shown nowhere', async () => {
    const url = server.url.replace('//', '//me:p%40w@');
    const bus = NatsEventBus.connect({ servers: [url], source: 'test' });
    await until(() => bus.status().problem === undefined, 30_000);
    await bus.close();
    const inspector = await NatsInspector.connect({ servers: [url], source: 'test' }, 10_000);
    await inspector.close();
  }, 60_000);

  it.each([
    ['none', ''],
    ['wrong ones', 'me:no@'],
  ])(
    'that are %s are told as a problem, without the password',
    async (_what, user) => {
      const lines: string[] = [];
      const tell = (_fields: object, message: string) => void lines.push(message);
      const log = { info: tell, warn: tell, error: tell };
      const servers = [server.url.replace('//', `//${user}`)];
      const bus = NatsEventBus.connect({ servers, source: 'test', log });
      await until(() => lines.length > 0, 30_000);
      expect(bus.status().problem).toMatch(
        /^NATS at nats:\/\/127\.0\.0\.1:\d+ is not reachable \(.*Authorization/,
      );
      expect(lines.join()).not.toContain('no@');
      await bus.close();
      const refused = NatsInspector.connect({ servers, source: 'test' }, 10_000);
      await expect(refused).rejects.toThrow(/^NATS at nats:\/\/127\.0\.0\.1:\d+ is not reachable/);
    },
    60_000,
  );

  it('given apart win over those of the URL', async () => {
    const servers = [server.url.replace('//', '//me:no@')];
    const bus = NatsEventBus.connect({ servers, source: 'test', credentials: LOGIN });
    await until(() => bus.status().problem === undefined, 30_000);
    await bus.close();
  }, 60_000);
});
