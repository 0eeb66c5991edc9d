import { type FileHandle, open, stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where the kubelet keeps what a container printed. */
export interface PodLogs {
  /** @throws ApiError 404 (no such pod), 400 (no such container, or it has not started) */
  logFile(namespace: string, pod: string, container: string | undefined, previous: boolean): string;
}

export interface LogOptions {
  readonly follow: boolean;
  readonly tailLines?: number;
}

const FOLLOW_INTERVAL_MS = 200;
const TAIL_CHUNK_BYTES = 64 * 1024;

/**
 * Sends a log file, from its last lines if asked, and goes on with what is appended while `follow`. It stays open: a
 * restart may take away the log of an earlier run while someone reads it.
 */
export async function streamLog(path: string, options: LogOptions, response: ServerResponse): Promise<void> {
  const file = await open(path, 'r');
  try {
    let position = options.tailLines === undefined ? 0 : await tailStart(file, options.tailLines);
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.flushHeaders();
    do {
      for await (const chunk of file.createReadStream({ start: position, autoClose: false })) {
        position += (chunk as Buffer).length;
        if (!response.write(chunk))
          await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
        if (response.destroyed) return;
      }
      if (!options.follow) break;
      await sleep(FOLLOW_INTERVAL_MS);
      // A log that grew too long was emptied, or its pod is gone and the file with it.
      const size = await stat(path).then(
        (s) => s.size,
        () => undefined,
      );
      if (size === undefined) break;
      if (size < position) position = 0;
    } while (!response.destroyed);
    response.end();
  } finally {
    await file.close();
  }
}

/** Offset at which the last `lines` lines begin. */
async function tailStart(file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat();
  // The newline that ends the last line begins none.
  let missing = lines + 1;
  for (let end = size; end > 0; end -= TAIL_CHUNK_BYTES) {
    const start = Math.max(0, end - TAIL_CHUNK_BYTES);
    const { buffer } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    for (let i = buffer.length - 1; i >= 0; i--) {
      if (buffer[i] !== 10 && !(start + i === size - 1)) continue;
      missing -= 1;
      if (missing === 0) return start + i + 1;
    }
  }
  return 0;
}
