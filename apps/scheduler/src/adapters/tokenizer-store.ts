import { readFile } from 'node:fs/promises';
import {
  BUILT_IN_TOKENIZER_DIR,
  downloadTokenizer,
  findTokenizerFolder,
  loadTokenizer,
  TokenizerError,
  tokenizerSource,
} from '@penstock/engine';
import { LRUCache } from 'lru-cache';
import type { LoadedTokenizer, ModelTokenizers } from '../application/tokenizing/model-tokenizers.js';

export interface TokenizerStoreOptions {
  /** Folder of the tokenizer of models without their own; the built-in one when absent. */
  readonly defaultDir?: string;
  /** Folder with a folder for each model. */
  readonly folder?: string;
  /** Model repository to download from. */
  readonly repository?: { readonly baseUrl: string; readonly tokenFile?: string; readonly cacheDir: string };
  /** By model: its name in the folder and the repository, or the path of a folder. */
  readonly names: ReadonlyMap<string, string>;
  /** Memory for what a tokenizer encoded, in bytes. */
  readonly memoBytes: number;
  /** Called when a tokenizer is there, also in a new version. */
  readonly onLoaded?: (model: string, loaded: LoadedTokenizer) => void;
  /** Called when one cannot be loaded, once for each cause. */
  readonly onProblem?: (model: string, error: Error) => void;
}

interface Entry {
  loaded?: LoadedTokenizer;
  problem?: string;
  loading?: Promise<void>;
  /** When the repository is to be asked again. */
  askRepositoryAtMs: number;
  downloadedTo?: string;
}

/** Models that tokenizers are kept for. */
const MAX_MODELS = 64;
const REPOSITORY_INTERVAL_MS = 3_600_000;
const REPOSITORY_RETRY_MS = 60_000;

/**
 * Tokenizers by model from folders and a model repository, loaded when a model is first asked for and again when the files
 * change. Where a new version cannot be loaded the old one stays.
 */
export class TokenizerStore implements ModelTokenizers {
  private readonly entries = new LRUCache<string, Entry>({ max: MAX_MODELS });
  private readonly fallback: Entry = { askRepositoryAtMs: Number.POSITIVE_INFINITY };
  private timer: NodeJS.Timeout | undefined;
  private refreshing: Promise<void> | undefined;
  private readonly stopped = new AbortController();

  constructor(private readonly options: TokenizerStoreOptions) {}

  /** @throws TokenizerError when the tokenizer of models without their own cannot be loaded */
  async open(): Promise<this> {
    const loaded = await this.read(this.options.defaultDir ?? BUILT_IN_TOKENIZER_DIR, 'default');
    this.fallback.loaded = loaded;
    this.options.onLoaded?.('', loaded);
    return this;
  }

  /** Looks for changes from now on. */
  start(intervalMs: number): void {
    this.timer = setInterval(() => {
      this.refreshing ??= this.refresh().finally(() => {
        this.refreshing = undefined;
      });
    }, intervalMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.stopped.abort();
    await this.refreshing;
  }

  of(model: string): LoadedTokenizer | undefined {
    const { folder, repository, names } = this.options;
    if (folder === undefined && !repository && !names.has(model)) return this.fallback.loaded;
    let entry = this.entries.get(model);
    if (!entry) {
      entry = { askRepositoryAtMs: 0 };
      this.entries.set(model, entry);
      void this.load(model, entry);
    }
    return entry.loaded;
  }

  /** Every tokenizer that is in use, by model; `''` is the one of models without their own. */
  list(): ReadonlyArray<readonly [string, LoadedTokenizer]> {
    const all = [['', this.fallback] as const, ...this.entries.entries()];
    return all.flatMap(([model, { loaded }]) => (loaded ? [[model, loaded] as const] : []));
  }

  /** Models whose tokenizer, or its new version, cannot be loaded, and why. */
  problems(): ReadonlyArray<{ readonly model: string; readonly problem: string }> {
    const all = [['', this.fallback] as const, ...this.entries.entries()];
    return all.flatMap(([model, { problem }]) => (problem === undefined ? [] : [{ model, problem }]));
  }

  /** Looks at the files of every tokenizer now. */
  async refresh(): Promise<void> {
    await this.attempt('', this.fallback, async () => this.options.defaultDir ?? BUILT_IN_TOKENIZER_DIR);
    for (const [model, entry] of [...this.entries.entries()]) await this.load(model, entry);
  }

  private load(model: string, entry: Entry): Promise<void> {
    entry.loading ??= this.attempt(model, entry, () => this.findDir(model, entry)).finally(() => {
      delete entry.loading;
    });
    return entry.loading;
  }

  private async attempt(model: string, entry: Entry, find: () => Promise<string | undefined>): Promise<void> {
    try {
      const dir = await find();
      const before = entry.loaded;
      if (dir === undefined) {
        if (this.fallback.loaded) entry.loaded = this.fallback.loaded;
      } else {
        const { version } = await tokenizerSource(dir);
        if (before?.source.dir !== dir || before.source.version !== version)
          entry.loaded = await this.read(dir, entry === this.fallback ? 'default' : originOf(entry, dir));
      }
      delete entry.problem;
      if (entry.loaded && entry.loaded !== before && !this.stopped.signal.aborted)
        this.options.onLoaded?.(model, entry.loaded);
    } catch (error) {
      if (this.stopped.signal.aborted) return;
      const { message } = error as Error;
      if (entry.problem !== message) this.options.onProblem?.(model, error as Error);
      entry.problem = message;
    }
  }

  /** Undefined when the model has none of its own. */
  private async findDir(model: string, entry: Entry): Promise<string | undefined> {
    const { folder, names, repository } = this.options;
    const name = names.get(model) ?? model;
    if (/^\.{0,2}\//.test(name)) return name;
    const dir = folder === undefined ? undefined : await findTokenizerFolder(folder, name);
    if (dir !== undefined || !repository) return dir;
    return this.download(name, entry, repository);
  }

  private async download(
    model: string,
    entry: Entry,
    { baseUrl, tokenFile, cacheDir }: NonNullable<TokenizerStoreOptions['repository']>,
  ): Promise<string> {
    const nowMs = performance.now();
    if (nowMs < entry.askRepositoryAtMs) {
      if (entry.downloadedTo !== undefined) return entry.downloadedTo;
      throw new TokenizerError('unreachable', entry.problem ?? `${model} was not downloaded yet`);
    }
    entry.askRepositoryAtMs = nowMs + REPOSITORY_RETRY_MS;
    const token = tokenFile === undefined ? undefined : await readToken(tokenFile);
    const { signal } = this.stopped;
    try {
      const options = { baseUrl, model, cacheDir, signal, ...(token ? { token } : {}) };
      entry.downloadedTo = await downloadTokenizer(options);
      entry.askRepositoryAtMs = nowMs + REPOSITORY_INTERVAL_MS;
    } catch (error) {
      // What an earlier run left there is better than nothing.
      entry.downloadedTo ??= await findTokenizerFolder(cacheDir, model);
      if (entry.downloadedTo === undefined || (error as TokenizerError).reason !== 'unreachable') throw error;
    }
    return entry.downloadedTo;
  }

  private async read(dir: string, origin: LoadedTokenizer['origin']): Promise<LoadedTokenizer> {
    const source = await tokenizerSource(dir);
    return { tokenizer: await loadTokenizer(dir, { memoBytes: this.options.memoBytes }), source, origin };
  }
}

const originOf = (entry: Entry, dir: string): LoadedTokenizer['origin'] =>
  dir === entry.downloadedTo ? 'repository' : 'folder';

async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new TokenizerError('missing', `cannot read the access token in ${path} (${why})`, { cause });
  }
}
