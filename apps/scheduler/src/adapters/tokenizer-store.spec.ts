import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BUILT_IN_TOKENIZER_DIR } from '@penstock/engine';
import { TokenizerStore, type TokenizerStoreOptions } from './tokenizer-store.js';

const scratch = mkdtempSync(join(tmpdir(), 'tokenizer-store-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let root: string;
let problems: string[];
beforeEach(() => {
  root = mkdtempSync(join(scratch, 'r-'));
  problems = [];
});
const open = (options: Partial<TokenizerStoreOptions> = {}) =>
  new TokenizerStore({
    names: new Map(),
    memoBytes: 1_000_000,
    onProblem: (model, error) => void problems.push(`${model}: ${error.message}`),
    ...options,
  }).open();
/** Our tokenizer, with a chat template that tells it from others. */
function put(name: string, template: string): string {
  const dir = join(root, name);
  mkdirSync(dir, { recursive: true });
  cpSync(BUILT_IN_TOKENIZER_DIR, dir, { recursive: true });
  writeFileSync(join(dir, 'tokenizer_config.json'), JSON.stringify({ chat_template: template }));
  return dir;
}
const written = (store: TokenizerStore, model: string) => store.of(model)?.tokenizer.applyChatTemplate([]);
/** The first question only begins the loading. */
async function asked(store: TokenizerStore, model: string): Promise<string | undefined> {
  store.of(model);
  await store.refresh();
  return written(store, model);
}

describe('TokenizerStore', () => {
  it('has one tokenizer for all models unless it is told of more', async () => {
    const store = await open();
    expect(store.of('a')).toMatchObject({ origin: 'default' });
    expect(store.of('b')).toBe(store.of('a'));
  });

  it('has the tokenizer of each model, by its name or the one it is known by', async () => {
    put('org/one', 'one');
    put('org--two', 'two');
    const path = put('elsewhere', 'three');
    const names = new Map([
      ['served', 'org/two'],
      ['mounted', path],
    ]);
    const store = await open({ folder: root, names, defaultDir: put('default', 'default') });
    expect(store.of('org/one')).toBeUndefined();
    expect(await asked(store, 'org/one')).toBe('one');
    expect(await asked(store, 'served')).toBe('two');
    expect(await asked(store, 'mounted')).toBe('three');
    expect(await asked(store, 'unheard/of')).toBe('default');
    expect(
      store
        .list()
        .map(([model, { origin }]) => `${model} ${origin}`)
        .sort(),
    ).toEqual([' default', 'mounted folder', 'org/one folder', 'served folder', 'unheard/of default']);
    expect(problems).toEqual([]);
  });

  it('loads files again when they change, and keeps the old ones while the new ones are no good', async () => {
    const dir = put('org/one', 'before');
    const store = await open({ folder: root });
    expect(await asked(store, 'org/one')).toBe('before');
    const { tokenizer } = store.of('org/one') ?? {};
    await store.refresh();
    expect(store.of('org/one')?.tokenizer).toBe(tokenizer);
    writeFileSync(join(dir, 'tokenizer_config.json'), '{"chat_template": ');
    await store.refresh();
    await store.refresh();
    expect(written(store, 'org/one')).toBe('before');
    expect(problems).toEqual([expect.stringContaining(join(dir, 'tokenizer_config.json'))]);
    expect(store.problems()).toMatchObject([{ model: 'org/one' }]);
    writeFileSync(join(dir, 'tokenizer_config.json'), '{"chat_template": "after!"}');
    await store.refresh();
    expect(written(store, 'org/one')).toBe('after!');
    expect(store.problems()).toEqual([]);
  });

  it('says at once that the tokenizer of all models is no good', async () => {
    const failure = await open({ defaultDir: join(root, 'none') }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      reason: 'missing',
      message: expect.stringContaining(join(root, 'none')),
    });
  });

  it('downloads what no folder has, with the token, and goes on with it when the repository is gone', async () => {
    const server = createServer((request, response) => {
      if (request.headers.authorization !== 'Bearer secret') return void response.writeHead(401).end();
      const file = /^\/org\/model\/resolve\/main\/(tokenizer(?:_config)?\.json)$/.exec(
        request.url ?? '',
      )?.[1];
      if (file === undefined) return void response.writeHead(404).end();
      response.end(readFileSync(join(BUILT_IN_TOKENIZER_DIR, file)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const tokenFile = join(root, 'token');
    const repository = { baseUrl, tokenFile, cacheDir: join(root, 'cache') };
    const early = await open({ repository });
    await asked(early, 'org/model');
    expect(problems).toEqual([expect.stringContaining(tokenFile)]);
    expect(early.of('org/model')).toBeUndefined();

    writeFileSync(tokenFile, 'secret\n');
    const store = await open({ repository });
    await asked(store, 'org/model');
    expect(store.of('org/model')).toMatchObject({ origin: 'repository' });
    await asked(store, 'org/none');
    expect(store.of('org/none')).toBeUndefined();
    expect(problems.at(-1)).toContain('/org/none/resolve/main/tokenizer.json does not exist');

    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
    const later = await open({ repository });
    await asked(later, 'org/model');
    expect(later.of('org/model')).toMatchObject({ origin: 'repository' });
    for (const each of [early, store, later]) await each.stop();
  });
});
