import { listObjects } from '../api/list-objects.js';
import { readObject } from '../api/read-object.js';
import { representList, representObject } from './represent.js';
import { flagParameter, numberParameter, type RequestContext } from './request-context.js';
import { sendJson } from './respond.js';
import { streamWatch } from './watch-stream.js';

/** GET of one object. */
export function handleGet(context: RequestContext, name: string): void {
  const { state, target, response, representation } = context;
  sendJson(response, 200, representObject(target, readObject(state, target, name), representation));
}

/** GET of a collection: a list, or with `watch=true` a stream of changes. */
export function handleList(context: RequestContext): void {
  const { state, target, query, request, response, representation } = context;
  const selection = {
    labelSelector: query.get('labelSelector') ?? undefined,
    fieldSelector: query.get('fieldSelector') ?? undefined,
  };
  if (flagParameter(query, 'watch')) {
    const options = {
      ...selection,
      resourceVersion: query.get('resourceVersion') ?? undefined,
      sendInitialEvents: flagParameter(query, 'sendInitialEvents'),
      timeoutSeconds: numberParameter(query, 'timeoutSeconds'),
      allowBookmarks: flagParameter(query, 'allowWatchBookmarks'),
      representation,
    };
    streamWatch(state, target, options, request, response);
    return;
  }
  const list = listObjects(state, target, {
    ...selection,
    limit: numberParameter(query, 'limit'),
    continueToken: query.get('continue') || undefined,
  });
  sendJson(response, 200, representList(target, list, representation));
}
