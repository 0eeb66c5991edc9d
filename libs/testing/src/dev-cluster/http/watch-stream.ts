import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClusterState, Target } from '../api/cluster-state.js';
import { bookmark, type WatchEventType, type WatchOptions, watchObjects } from '../api/watch-objects.js';
import { ApiError } from '../object/api-error.js';
import type { ApiObject, JsonObject } from '../object/api-object.js';
import { representObject } from './represent.js';
import type { Representation } from './representation.js';

/** As the real server, so that clients do not come to rely on more. */
const BOOKMARK_INTERVAL_MS = 60_000;
const MIN_TIMEOUT_SECONDS = 1800;
/** A client that reads slower than this piles up is cut off; it resumes or lists again. */
const MAX_BACKLOG_BYTES = 16 * 1024 * 1024;

/** Serialised objects, shared by every watch that sends the same state. */
const serialised = new WeakMap<object, string>();

export interface WatchStreamOptions extends WatchOptions {
  readonly timeoutSeconds?: number;
  readonly allowBookmarks: boolean;
  readonly representation: Representation;
}

/** Answers with one JSON line per change until the client goes or the time is up. */
export function streamWatch(
  state: ClusterState,
  target: Target,
  options: WatchStreamOptions,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  const send = (type: WatchEventType | 'ERROR', object: JsonObject): void => {
    response.write(`{"type":"${type}","object":${serialise(object)}}\n`);
    if (response.writableLength > MAX_BACKLOG_BYTES) response.destroy();
  };
  const represent = (type: WatchEventType, object: ApiObject | JsonObject): JsonObject =>
    type === 'BOOKMARK' ? object : representObject(target, object as ApiObject, options.representation);
  let stop: () => void;
  try {
    stop = watchObjects(state, target, options, (type, object) => send(type, represent(type, object)));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // The stream has begun: the refusal is its only event, as the real server's watch cache does it.
    send('ERROR', error.toStatus());
    response.end();
    return;
  }
  const timeoutSeconds = options.timeoutSeconds || MIN_TIMEOUT_SECONDS * (1 + Math.random());
  const timeout = setTimeout(() => response.end(), timeoutSeconds * 1000);
  const bookmarks = options.allowBookmarks
    ? setInterval(() => send('BOOKMARK', bookmark(state, target)), BOOKMARK_INTERVAL_MS)
    : undefined;
  timeout.unref();
  bookmarks?.unref();
  const close = (): void => {
    stop();
    clearTimeout(timeout);
    clearInterval(bookmarks);
  };
  response.once('close', close);
  request.once('error', close);
}

function serialise(object: JsonObject): string {
  let text = serialised.get(object);
  if (text === undefined) {
    text = JSON.stringify(object);
    serialised.set(object, text);
  }
  return text;
}
