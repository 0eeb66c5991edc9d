import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  BUILT_IN_TOKENIZER_DIR,
  downloadTokenizer,
  findTokenizerFolder,
  loadTokenizer,
  tokenizerSource,
} from '../src/tokenizer/index.js';

const scratch = mkdtempSync(join(tmpdir(), 'tokenizer-sources-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const folder = () => mkdtempSync(join(scratch, 'f-'));
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('findTokenizerFolder', () => {
  it('finds nested and flat folders and the snapshot of a cache', async () => {
    const root = folder();
    const put = (path: string) => {
      mkdirSync(join(root, path), { recursive: true });
      writeFileSync(join(root, path, 'tokenizer.json'), '{}');
    };
    put('org/nested');
    put('org--flat');
    put('models--org--cached/snapshots/abcdef12');
    mkdirSync(join(root, 'models--org--cached/refs'));
    writeFileSync(join(root, 'models--org--cached/refs/main'), 'abcdef12\n');
    put('plain');
    expect(await findTokenizerFolder(root, 'org/nested')).toBe(join(root, 'org/nested'));
    expect(await findTokenizerFolder(root, 'org/flat')).toBe(join(root, 'org--flat'));
    expect(await findTokenizerFolder(root, 'org/cached')).toBe(
      join(root, 'models--org--cached/snapshots/abcdef12'),
    );
    expect(await findTokenizerFolder(root, 'plain')).toBe(join(root, 'plain'));
    expect(await findTokenizerFolder(root, 'org/none')).toBeUndefined();
  });

  it.each(['../etc', '/etc', 'a/b/c', 'a/..', '..', '', 'a\\b', 'a/../../b', '.hidden'])(
    'does not leave its root for %s',
    async (name) => {
      expect(await findTokenizerFolder(folder(), name)).toBeUndefined();
    },
  );

  it('sees when files change', async () => {
    const dir = folder();
    expect(await failure(tokenizerSource(dir))).toMatchObject({
      reason: 'missing',
      message: expect.stringContaining(dir),
    });
    cpSync(BUILT_IN_TOKENIZER_DIR, dir, { recursive: true });
    const first = await tokenizerSource(dir);
    expect(await tokenizerSource(dir)).toEqual(first);
    utimesSync(join(dir, 'tokenizer_config.json'), 1, 1);
    expect((await tokenizerSource(dir)).version).not.toBe(first.version);
  });
});

describe('downloadTokenizer', () => {
  let server: Server;
  let baseUrl: string;
  let files: Record<string, string>;
  let answers: string[];
  beforeEach(async () => {
    answers = [];
    files = {};
    for (const name of ['tokenizer.json', 'tokenizer_config.json'])
      files[`/org/model/resolve/main/${name}`] = readFileSync(join(BUILT_IN_TOKENIZER_DIR, name), 'utf8');
    server = createServer((request, response) => {
      const answer = (status: number, body = '', headers = {}) => {
        answers.push(`${status} ${request.url}`);
        response.writeHead(status, headers).end(body);
      };
      if (request.headers.authorization === undefined && request.url?.startsWith('/gated'))
        return answer(401);
      if (request.headers.authorization === 'Bearer wrong') return answer(403);
      if (request.url?.startsWith('/broken')) return answer(500);
      if (request.url === '/org/moved/resolve/main/tokenizer.json')
        return answer(307, '', { location: '/org/model/resolve/main/tokenizer.json' });
      const body = files[request.url ?? ''];
      if (body === undefined) return answer(404);
      const etag = `"${body.length}"`;
      if (request.headers['if-none-match'] === etag) return answer(304);
      answer(200, body, { etag });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  it('fetches what a tokenizer needs, and later only what changed', async () => {
    const options = { baseUrl, model: 'org/model', cacheDir: folder() };
    const dir = await downloadTokenizer(options);
    expect(dir).toBe(join(options.cacheDir, 'org--model'));
    expect((await loadTokenizer(dir)).encode('gate')).toEqual((await loadTokenizer()).encode('gate'));
    files['/org/model/resolve/main/chat_template.jinja'] = 'new';
    answers = [];
    await downloadTokenizer(options);
    expect(answers.map((line) => line.slice(0, 3))).toEqual(['304', '304', '200']);
    expect(readFileSync(join(dir, 'chat_template.jinja'), 'utf8')).toBe('new');
    delete files['/org/model/resolve/main/chat_template.jinja'];
    rmSync(join(dir, 'tokenizer.json'));
    await downloadTokenizer(options);
    expect((await loadTokenizer(dir)).hasChatTemplate).toBe(true);
    expect(
      await failure(Promise.resolve().then(() => readFileSync(join(dir, 'chat_template.jinja')))),
    ).toMatchObject({ code: 'ENOENT' });
  });

  it('follows redirects and mends a cache whose notes are damaged', async () => {
    const cacheDir = folder();
    files['/org/moved/resolve/main/tokenizer_config.json'] = '{}';
    const dir = await downloadTokenizer({ baseUrl: `${baseUrl}/`, model: 'org/moved', cacheDir });
    writeFileSync(join(dir, 'etags.json'), '{"tokenizer.json": 7');
    await downloadTokenizer({ baseUrl, model: 'org/moved', cacheDir });
    expect(readFileSync(join(dir, 'tokenizer.json'), 'utf8')).toBe(
      files['/org/model/resolve/main/tokenizer.json'],
    );
  });

  it.each([
    [{ model: 'org/none' }, 'missing', '--tokenizer-names'],
    [{ model: '../../etc' }, 'missing', '--tokenizer-names'],
    [{ model: 'gated/model' }, 'missing', '--tokenizer-token-file'],
    [{ model: 'org/model', token: 'wrong' }, 'missing', 'does not open it'],
    [{ model: 'broken/model' }, 'unreachable', 'answered 500'],
    [{ model: 'org/model', baseUrl: 'http://127.0.0.1:1' }, 'unreachable', '127.0.0.1:1'],
    [{ model: 'org/model', cacheDir: '/dev/null/x' }, 'missing', '/dev/null/x'],
  ])('%j is refused as %s', async (options, reason, words) => {
    const error = await failure(downloadTokenizer({ baseUrl, cacheDir: folder(), ...options }));
    expect(error).toMatchObject({ name: 'TokenizerError', reason });
    expect((error as Error).message).toContain(words);
    expect((error as Error).message).not.toContain('wrong');
  });
});
