import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { TokenizerError } from './tokenizer-error.js';
import { flatName, isRepositoryName, TOKENIZER_FILES } from './tokenizer-folder.js';

export interface DownloadOptions {
  /** Of the repository's HTTP API, e.g. `https://huggingface.co`. */
  readonly baseUrl: string;
  /** `owner/model`. */
  readonly model: string;
  /** Branch, tag or commit; default `main`. */
  readonly revision?: string;
  /** Access token. */
  readonly token?: string;
  /** The files go to `<cacheDir>/<owner>--<model>`. */
  readonly cacheDir: string;
  /** For all files together; default 60,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_FILE_BYTES = 256 * 1024 * 1024;
const ETAGS_FILE = 'etags.json';
const etagsOf = z.record(z.string(), z.string());

/**
 * Downloads a model's tokenizer files as Hugging Face's hub serves them (`<base>/<model>/resolve/<revision>/<file>`), those
 * that changed since the last time. Files are replaced one by one, each at once; those that are gone are removed.
 *
 * @returns the folder
 * @throws TokenizerError `missing` (no such model or file, no access), `unreachable`
 */
export async function downloadTokenizer(options: DownloadOptions): Promise<string> {
  const { model, cacheDir, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  if (!isRepositoryName(model)) {
    const message = `"${model}" is no repository of a model (owner/model): name one for it with --tokenizer-names`;
    throw new TokenizerError('missing', message);
  }
  const dir = join(cacheDir, flatName(model));
  await mkdir(dir, { recursive: true }).catch((cause) => {
    throw new TokenizerError('missing', `cannot make the folder ${dir}: ${cause.message}`, { cause });
  });
  const known = await knownEtags(dir);
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  const etags: Record<string, string> = {};
  for (const file of TOKENIZER_FILES) {
    const path = join(dir, file);
    const there = await access(path).then(
      () => true,
      () => false,
    );
    const found = await fetchFile(options, file, there ? known[file] : undefined, signal);
    if (found === 'none') await rm(path, { force: true });
    else if (found === 'unchanged') etags[file] = known[file] as string;
    else {
      await replaceFile(path, found.bytes);
      if (found.etag !== undefined) etags[file] = found.etag;
    }
  }
  await replaceFile(join(dir, ETAGS_FILE), JSON.stringify(etags));
  return dir;
}

type Fetched = 'none' | 'unchanged' | { readonly bytes: Uint8Array; readonly etag: string | undefined };

async function fetchFile(
  { baseUrl, model, revision = 'main', token }: DownloadOptions,
  file: string,
  etag: string | undefined,
  signal: AbortSignal,
): Promise<Fetched> {
  const url = `${baseUrl.replace(/\/+$/, '')}/${model}/resolve/${encodeURIComponent(revision)}/${file}`;
  const headers = {
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    ...(etag ? { 'if-none-match': etag } : {}),
  };
  let response: Response;
  let bytes: Uint8Array;
  try {
    // Redirects to another host go there without the token.
    response = await fetch(url, { headers, signal });
    if (!response.ok) await response.body?.cancel();
    bytes = response.ok ? await readAll(response, url) : new Uint8Array();
  } catch (cause) {
    if (cause instanceof TokenizerError) throw cause;
    const why = ((cause as Error).cause as Error | undefined)?.message ?? (cause as Error).message;
    throw new TokenizerError('unreachable', `${url} cannot be downloaded: ${why}`, { cause });
  }
  const { status } = response;
  if (status === 304 && etag) return 'unchanged';
  if (response.ok) return { bytes, etag: response.headers.get('etag') ?? undefined };
  if (status === 401 || status === 403) {
    const help = token
      ? 'the access token does not open it'
      : 'it needs an access token (--tokenizer-token-file)';
    throw new TokenizerError('missing', `${url} answered ${status}: ${help}, or there is no such model`);
  }
  if (status !== 404) throw new TokenizerError('unreachable', `${url} answered ${status}`);
  if (file !== 'tokenizer.json') return 'none';
  const message = `${url} does not exist: name the repository that has the model's tokenizer.json with --tokenizer-names, or mount its folder`;
  throw new TokenizerError('missing', message);
}

async function readAll(response: Response, url: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > MAX_FILE_BYTES)
      throw new TokenizerError(
        'corrupt',
        `${url} is larger than ${MAX_FILE_BYTES} bytes: that is no tokenizer file`,
      );
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function knownEtags(dir: string): Promise<Record<string, string>> {
  const text = await readFile(join(dir, ETAGS_FILE), 'utf8').catch(() => '{}');
  try {
    return etagsOf.parse(JSON.parse(text));
  } catch {
    return {};
  }
}

async function replaceFile(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = `${path}.${process.pid}.part`;
  await writeFile(temporary, content);
  await rename(temporary, path);
}
