import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Tokenizer as Library } from '@huggingface/tokenizers';
import { z } from 'zod';
import { buildEncoder } from './build-encoder.js';
import { ChatTemplate } from './chat-template.js';
import { HuggingFaceTokenizer } from './hugging-face-tokenizer.js';
import type { Tokenizer } from './tokenizer.js';
import { TokenizerError } from './tokenizer-error.js';

const specialToken = z.union([z.string(), z.object({ content: z.string() }).transform((t) => t.content)]);
const optionalToken = specialToken.nullish().transform((token) => token ?? undefined);

const tokenizerFile = z.looseObject({
  model: z.looseObject({ type: z.string().optional(), vocab: z.unknown() }),
  added_tokens: z.array(z.looseObject({ id: z.number().int().min(0), content: z.string() })).default([]),
});

const configFile = z.looseObject({
  chat_template: z
    .union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))])
    .nullish(),
  bos_token: optionalToken,
  eos_token: optionalToken,
  pad_token: optionalToken,
  unk_token: optionalToken,
});
type ConfigFile = z.infer<typeof configFile>;

export interface LoadOptions {
  /** Memory for texts that were encoded, in bytes; default 32 MiB. */
  readonly memoBytes?: number;
}

/** Folder of the tokenizer this project trained itself (see its README.md). */
export const BUILT_IN_TOKENIZER_DIR = fileURLToPath(new URL('../../tokenizer', import.meta.url));

/**
 * Loads `tokenizer.json` and `tokenizer_config.json` in Hugging Face's format; the chat template is the
 * config's `chat_template` (its `default` when there are several) or the file `chat_template.jinja`.
 * Throws TokenizerError (`missing` or `corrupt`) naming the file.
 */
export async function loadTokenizer(
  dir: string = BUILT_IN_TOKENIZER_DIR,
  options: LoadOptions = {},
): Promise<Tokenizer> {
  const tokenizerPath = join(dir, 'tokenizer.json');
  const configPath = join(dir, 'tokenizer_config.json');
  const [tokenizerJson, configJson, templateText] = await Promise.all([
    readText(tokenizerPath),
    readText(configPath),
    readFile(join(dir, 'chat_template.jinja'), 'utf8').catch(() => undefined),
  ]);
  const description = parse(tokenizerFile, tokenizerPath, tokenizerJson);
  const config = parse(configFile, configPath, configJson);
  const templateSource = templateOf(config) ?? templateText;
  try {
    const library = new Library(description, config);
    return new HuggingFaceTokenizer({
      source: dir,
      codec: library,
      ...buildEncoder(library, description, config, options.memoBytes),
      template:
        templateSource === undefined ? undefined : new ChatTemplate(templateSource, specialTokensOf(config)),
    });
  } catch (cause) {
    if (cause instanceof TokenizerError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TokenizerError('corrupt', `the tokenizer in ${dir} cannot be used: ${why}`, { cause });
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new TokenizerError(
      'missing',
      `cannot read ${path} (${why}): a tokenizer folder holds tokenizer.json and tokenizer_config.json`,
      { cause },
    );
  }
}

function parse<T>(schema: z.ZodType<T>, path: string, text: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new TokenizerError('corrupt', `${path} is not JSON: download or train it again`, { cause });
  }
  const result = schema.safeParse(json);
  if (!result.success) {
    throw new TokenizerError('corrupt', `${path} is no tokenizer file: ${z.prettifyError(result.error)}`);
  }
  return result.data;
}

function templateOf(config: ConfigFile): string | undefined {
  const template = config.chat_template;
  if (!Array.isArray(template)) return template ?? undefined;
  return (template.find((entry) => entry.name === 'default') ?? template[0])?.template;
}

function specialTokensOf(config: ConfigFile): Record<string, string> {
  const tokens: Record<string, string> = {};
  for (const name of ['bos_token', 'eos_token', 'pad_token', 'unk_token'] as const) {
    const token = config[name];
    if (token !== undefined) tokens[name] = token;
  }
  return tokens;
}
