import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClusterState, Target } from '../api/cluster-state.js';
import { bookmark, type WatchEventType, type WatchOptions, watchObjects } from '../api/watch-objects.js';
import { ApiError } from '../object/api-error.js';
import type { ApiObject, JsonObject } from '../object/api-object.js';
import { metadataOnly } from './metadata-only.js';
import { type Presentation, representObject } from './represent.js';

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
  readonly presentation: Presentation;
}

/** Answers with one JSON line per change until the client goes or the time is up. */
export function streamWatch(
  state: ClusterState,
  target: Target,
  options: WatchStreamOptions,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const send = (type: WatchEventType | 'ERROR', object: JsonObject): void => {
    if (!response.headersSent) {
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
    }
    response.write(`{"type":"${type}","object":${serialise(object)}}\n`);
    if (response.writableLength > MAX_BACKLOG_BYTES) response.destroy();
  };
  const represent = presenter(options.presentation);
  let stop: () => void;
  try {
    stop = watchObjects(state, target, options, (type, object) => send(type, represent(type, object)));
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 410) throw error;
    // To the real server's watch cache the stream has begun: this refusal is its only event.
    send('ERROR', error.toStatus());
    response.end();
    return;
  }
  if (!response.headersSent) {
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
    response.flushHeaders();
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

/** Objects as the watcher wants them; only the first table of a stream names its columns. */
function presenter(
  presentation: Presentation,
): (type: WatchEventType, object: ApiObject | JsonObject) => JsonObject {
  let isFirst = true;
  return (type, object) => {
    if (type === 'BOOKMARK')
      return presentation.as === 'metadata' ? metadataOnly(object as ApiObject) : object;
    const shown = representObject(presentation, object as ApiObject);
    if (presentation.as !== 'table') return shown;
    const { columnDefinitions, ...rest } = shown;
    const table = isFirst ? shown : { ...rest, columnDefinitions: [] };
    isFirst = false;
    return table;
  };
}

function serialise(object: JsonObject): string {
  let text = serialised.get(object);
  if (text === undefined) {
    text = JSON.stringify(object);
    serialised.set(object, text);
  }
  return text;
}
