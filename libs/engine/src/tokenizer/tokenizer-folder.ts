import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TokenizerError } from './tokenizer-error.js';
import type { TokenizerSource } from './tokenizer-workers.js';

/** Files that a tokenizer is made of; the last may be missing. */
export const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja'] as const;

const MODEL = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(?:\/[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?$/;

/** Whether a model's name can be that of a folder or repository: `model` or `owner/model`. */
export const isRepositoryName = (model: string): boolean => MODEL.test(model) && !model.includes('..');

/** `owner--model`: the name of one folder. */
export const flatName = (model: string): string => model.replace('/', '--');

/**
 * Folder of a model's tokenizer in a folder with one for each model: `owner/model` or `owner--model`, also with a Hugging
 * Face cache's `models--` before it, where the snapshot that `refs/main` names is taken.
 *
 * @returns undefined when there is none
 */
export async function findTokenizerFolder(root: string, model: string): Promise<string | undefined> {
  if (!isRepositoryName(model)) return undefined;
  const candidates = [join(root, model), join(root, flatName(model))];
  const cache = join(root, `models--${flatName(model)}`);
  const revision = await readFile(join(cache, 'refs', 'main'), 'utf8').catch(() => undefined);
  if (revision && /^[0-9a-f]{6,64}$/.test(revision.trim()))
    candidates.push(join(cache, 'snapshots', revision.trim()));
  for (const dir of candidates) if (await isFile(join(dir, 'tokenizer.json'))) return dir;
  return undefined;
}

/**
 * A folder's files as they are now.
 *
 * @throws TokenizerError `missing`
 */
export async function tokenizerSource(dir: string): Promise<TokenizerSource> {
  const versions = await Promise.all(
    TOKENIZER_FILES.map((file) =>
      stat(join(dir, file)).then(
        ({ mtimeMs, size, ino }) => `${mtimeMs}-${size}-${ino}`,
        () => '',
      ),
    ),
  );
  if (versions[0] === '') {
    throw new TokenizerError(
      'missing',
      `there is no tokenizer.json in ${dir}: mount the model's tokenizer files there, or name another folder`,
    );
  }
  return { dir, version: versions.join(' ') };
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
