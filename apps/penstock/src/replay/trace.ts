import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { CsvError, parse } from 'csv-parse';
import { z } from 'zod';

/** Tokens per entry of `hashIds` in a Mooncake trace. */
export const HASH_BLOCK_TOKENS = 512;

export interface TraceRequest {
  /** Arrival after the first request, in trace milliseconds. */
  readonly timestampMs: number;
  readonly inputLength: number;
  readonly outputLength: number;
  /** Content of each 512-token block of the prompt; equal prefixes share KV blocks. Absent: nothing is shared. */
  readonly hashIds?: readonly number[];
}

const mooncakeRow = z.object({
  timestamp: z.number().nonnegative(),
  input_length: z.number().int().positive(),
  output_length: z.number().int().positive(),
  hash_ids: z.array(z.number().int().nonnegative()),
});

const azureRow = z.object({
  TIMESTAMP: z.string().transform((text, context) => {
    const ms = Date.parse(`${text.trim().replace(' ', 'T').slice(0, 23)}Z`);
    if (Number.isNaN(ms)) context.addIssue({ code: 'custom', message: `"${text}" is not a time` });
    return ms;
  }),
  ContextTokens: z.coerce.number().int().positive(),
  GeneratedTokens: z.coerce.number().int().positive(),
});

/**
 * Reads a request trace: Mooncake (JSON lines: `timestamp` ms, `input_length`, `output_length`, `hash_ids` of 512-token
 * blocks) or Azure LLM inference 2023 (CSV: TIMESTAMP, ContextTokens, GeneratedTokens), told apart by the first
 * character. `limit` keeps the first n requests. Throws with the line number for a row that is neither.
 */
export async function readTrace(path: string, limit = Number.POSITIVE_INFINITY): Promise<TraceRequest[]> {
  const first = await firstCharacter(path);
  const requests = first === '{' ? await readMooncake(path, limit) : await readAzure(path, limit);
  if (requests.length === 0) throw new Error(`${path}: the trace holds no request`);
  const start = requests[0]?.timestampMs ?? 0;
  return requests.map((r) => ({ ...r, timestampMs: r.timestampMs - start }));
}

async function firstCharacter(path: string): Promise<string> {
  const stream = createReadStream(path, { encoding: 'utf8', end: 255 });
  try {
    for await (const chunk of stream) {
      const text = String(chunk).trimStart();
      if (text) return text.slice(0, 1);
    }
  } catch (error) {
    throw new Error(`cannot read the trace ${path}: ${(error as Error).message}`);
  }
  throw new Error(`${path}: the trace is empty`);
}

async function readMooncake(path: string, limit: number): Promise<TraceRequest[]> {
  const requests: TraceRequest[] = [];
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(path, 'utf8') })) {
    line += 1;
    if (!text.trim()) continue;
    if (requests.length >= limit) break;
    const row = parseRow(mooncakeRow, path, line, () => JSON.parse(text));
    const blocks = Math.ceil(row.input_length / HASH_BLOCK_TOKENS);
    if (row.hash_ids.length < blocks) {
      throw new Error(
        `${path}:${line}: ${row.hash_ids.length} hash_ids for ${row.input_length} tokens; ${blocks} are needed`,
      );
    }
    requests.push({
      timestampMs: row.timestamp,
      inputLength: row.input_length,
      outputLength: row.output_length,
      hashIds: row.hash_ids,
    });
  }
  return requests;
}

async function readAzure(path: string, limit: number): Promise<TraceRequest[]> {
  const requests: TraceRequest[] = [];
  const rows = createReadStream(path, 'utf8').pipe(
    parse({ columns: true, bom: true, trim: true, info: true, skip_empty_lines: true }),
  );
  try {
    for await (const { record, info } of rows) {
      if (requests.length >= limit) break;
      const row = parseRow(azureRow, path, info.lines, () => record);
      requests.push({
        timestampMs: row.TIMESTAMP,
        inputLength: row.ContextTokens,
        outputLength: row.GeneratedTokens,
      });
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new Error(`${path}: neither Mooncake JSON lines nor an Azure CSV: ${error.message}`);
  } finally {
    rows.destroy();
  }
  return requests;
}

function parseRow<S extends z.ZodType>(
  schema: S,
  path: string,
  line: number,
  read: () => unknown,
): z.output<S> {
  let value: unknown;
  try {
    value = read();
  } catch (error) {
    throw new Error(`${path}:${line}: ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Error(
      `${path}:${line}: ${issue?.path.join('.') || 'row'}: ${issue?.message}; expected a Mooncake line (timestamp, input_length, ` +
        'output_length, hash_ids) or an Azure row (TIMESTAMP, ContextTokens, GeneratedTokens)',
    );
  }
  return parsed.data;
}
