import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { layoutDigest } from './layout-digest.js';
import type { LayoutFields } from './layout-fields.js';
import { layoutFolder } from './layout-folder.js';
import { pythonJson } from './python-json.js';
import { temporaryName } from './temporary-name.js';

const CONFIG_NAME = 'config.json';
const INDENT = 2;

/**
 * Writes `<root>/<model>_<digest>/config.json`, unless it is there, and gives the digest.
 * @throws Error of the file system
 */
export async function writeLayoutConfig(root: string, fields: LayoutFields): Promise<string> {
  const digest = layoutDigest(fields);
  const folder = join(root, layoutFolder(fields.model_name, digest));
  if ((await readLayoutConfig(root, fields.model_name, digest)) !== undefined) return digest;
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, temporaryName(CONFIG_NAME));
  await writeFile(temporary, pythonJson(fields, { indent: INDENT }), { flag: 'wx' });
  await rename(temporary, join(folder, CONFIG_NAME));
  return digest;
}

/**
 * Fields of a layout; undefined when it has no `config.json` (layouts copied from S3 may have none).
 * @throws Error naming the file when it is not a JSON object or cannot be read
 */
export async function readLayoutConfig(
  root: string,
  model: string,
  digest: string,
): Promise<LayoutFields | undefined> {
  const file = join(root, layoutFolder(model, digest), CONFIG_NAME);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : parseFields(text, file);
}

function parseFields(text: string, file: string): LayoutFields {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${file} is not JSON; remove its folder and the engine writes it again`, { cause });
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new Error(`${file} is no JSON object; remove its folder and the engine writes it again`);
  }
  return fields as LayoutFields;
}
