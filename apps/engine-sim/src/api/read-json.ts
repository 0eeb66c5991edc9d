import type { IncomingMessage } from 'node:http';
import { ApiError } from './api-error.js';

/** A prompt of 131,072 token ids is below 1 MiB; chats with long texts stay well below this. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a JSON object from a request body. Duplicate keys: the last one counts. Throws ApiError 400, 413 or 415;
 * the messages never contain the body.
 */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const mediaType = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (mediaType !== 'application/json') {
    throw new ApiError(415, "Unsupported media type: only 'application/json' is allowed");
  }
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ApiError(415, 'Compressed bodies are not supported: send the JSON as it is');
  }
  const body = await readBody(request);
  let parsed: unknown;
  try {
    parsed = JSON.parse(utf8.decode(body));
  } catch (error) {
    throw new ApiError(
      400,
      error instanceof SyntaxError ? 'The body is not valid JSON' : 'The body is not valid UTF-8',
    );
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new ApiError(400, 'The body must be a JSON object');
  }
  return parsed as Record<string, unknown>;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  // The connection must survive an early exit, so that the refusal can be sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, sizeBytes);
}

const tooLarge = (): ApiError => new ApiError(413, `The body is larger than ${MAX_BODY_BYTES} bytes`);
