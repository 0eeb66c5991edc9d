import { parentPort } from 'node:worker_threads';
import { loadTokenizer } from './load-tokenizer.js';
import type { Tokenizer } from './tokenizer.js';
import type { WorkerJob } from './tokenizer-workers.js';

/** Tokenizers that a thread keeps: one for each model, and a new one when its files change. */
const MAX_TOKENIZERS = 16;
const loaded = new Map<string, Promise<Tokenizer>>();

function tokenizerOf({ dir, version }: WorkerJob['source']): Promise<Tokenizer> {
  const id = `${dir}@${version}`;
  const known = loaded.get(id) ?? loadTokenizer(dir, { memoBytes: 0 });
  // The one used last goes to the end.
  loaded.delete(id);
  loaded.set(id, known);
  known.catch(() => loaded.delete(id));
  const [oldest] = loaded.keys();
  if (loaded.size > MAX_TOKENIZERS && oldest !== undefined) loaded.delete(oldest);
  return known;
}

const port = parentPort;
if (!port) throw new Error('tokenizer-worker is a thread of TokenizerWorkers');
port.on('message', async (job: WorkerJob) => {
  try {
    const tokenizer = await tokenizerOf(job.source);
    if (job.kind === 'render') {
      port.postMessage({ result: tokenizer.applyChatTemplate(job.messages, job.options) });
      return;
    }
    const ids = job.parts.map((part) => tokenizer.encodePart(part));
    port.postMessage(
      { result: ids },
      ids.map(({ buffer }) => buffer as ArrayBuffer),
    );
  } catch (error) {
    const { message, reason } = error as Error & { reason?: string };
    port.postMessage({ error: message, reason });
  }
});
