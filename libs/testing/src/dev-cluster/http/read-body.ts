import type { IncomingMessage } from 'node:http';
import { parse as parseYaml } from 'yaml';
import type { Json } from '../object/api-object.js';
import { duplicateFields } from '../object/duplicate-fields.js';
import { refuse } from '../object/refusals.js';
import { decodeEnvelope } from '../registry/types/decode-envelope.js';

/** Limit of the real server for one request body. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;
/** Deeper than any object, shallow enough for recursion. */
const MAX_DEPTH = 200;

const JSON_TYPE = /^application\/(json|[\w.-]+\+json)$/;
/** What typed clients of Go, `kubectl create` among them, send for built-in kinds. */
const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';
const YAML_TYPE = /^application\/(yaml|x-yaml|[\w.-]+\+yaml)$/;

/** The media type of the body, without parameters; JSON when the client names none. */
export function contentType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? 'application/json').split(';')[0]?.trim().toLowerCase() ?? '';
}

/**
 * The parsed body, or undefined when there is none.
 *
 * @param onDuplicate hears of fields that the body gives more than once
 *
 * @throws ApiError 400 (not what its media type says, too deep), 413, 415
 */
export async function readBody(
  request: IncomingMessage,
  onDuplicate: (path: string) => void = () => undefined,
): Promise<Json | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_BODY_BYTES) throw refuse.tooLarge(MAX_BODY_BYTES);
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  if (contentType(request) === PROTOBUF_TYPE) return bytes.length === 0 ? undefined : parseProtobuf(bytes);
  const text = bytes.toString('utf8').trim();
  if (!text) return undefined;
  const value = parseText(text, contentType(request));
  requireDepth(value, MAX_DEPTH);
  if (text.startsWith('{')) for (const path of duplicateFields(text)) onDuplicate(path);
  return value;
}

function parseProtobuf(bytes: Buffer): Json {
  try {
    return decodeEnvelope(bytes);
  } catch (error) {
    throw refuse.badRequest(`the body cannot be read as protobuf: ${(error as Error).message}`);
  }
}

function parseText(text: string, type: string): Json {
  const isYaml = YAML_TYPE.test(type);
  if (!isYaml && !JSON_TYPE.test(type))
    throw refuse.unsupportedMediaType(`application/json, application/yaml, ${PROTOBUF_TYPE}`);
  try {
    // JSON is YAML too, and far quicker to read as what it is.
    return (isYaml && !text.startsWith('{') ? parseYaml(text) : JSON.parse(text)) as Json;
  } catch (error) {
    throw refuse.badRequest(
      `the body cannot be read as ${isYaml ? 'YAML' : 'JSON'}: ${(error as Error).message}`,
    );
  }
}

function requireDepth(value: Json, left: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (left === 0) throw refuse.badRequest(`the body is nested deeper than ${MAX_DEPTH} levels`);
  for (const child of Object.values(value)) if (child !== undefined) requireDepth(child, left - 1);
}
