import type { Selection } from '../api/list-objects.js';
import { listObjects } from '../api/list-objects.js';
import { readObject } from '../api/read-object.js';
import { requireKnownVersion } from '../api/require-known-version.js';
import { representList, representObject } from './represent.js';
import { flagParameter, numberParameter, type RequestContext } from './request-context.js';
import { sendJson } from './respond.js';
import { streamWatch } from './watch-stream.js';

/** GET of one object. */
export function handleGet(context: RequestContext, name: string): void {
  const { state, target, query, response, presentation } = context;
  requireKnownVersion(state, query.get('resourceVersion') ?? '');
  sendJson(response, 200, representObject(presentation, readObject(state, target, name)));
}

/** GET of a collection: a list, or with `watch=true` a stream of changes. */
export function handleList(context: RequestContext): void {
  const { state, target, query, request, response, presentation } = context;
  const selection = selectionOfQuery(context);
  const resourceVersion = query.get('resourceVersion') ?? undefined;
  const resourceVersionMatch = query.get('resourceVersionMatch') ?? undefined;
  if (flagParameter(query, 'watch')) {
    const options = {
      ...selection,
      resourceVersion,
      resourceVersionMatch,
      sendInitialEvents: query.has('sendInitialEvents')
        ? flagParameter(query, 'sendInitialEvents')
        : undefined,
      timeoutSeconds: numberParameter(query, 'timeoutSeconds'),
      allowBookmarks: flagParameter(query, 'allowWatchBookmarks'),
      presentation,
    };
    streamWatch(state, target, options, request, response);
    return;
  }
  const list = listObjects(state, target, {
    ...selection,
    resourceVersion,
    resourceVersionMatch,
    limit: numberParameter(query, 'limit'),
    continueToken: query.get('continue') || undefined,
  });
  sendJson(response, 200, representList(presentation, list));
}

/** The selectors of a request; a path like `…?watch=true&fieldSelector=metadata.name=x` selects one object. */
export function selectionOfQuery({ query, presentation }: RequestContext): Selection {
  const fieldSelector = query.get('fieldSelector') ?? undefined;
  const { view } = presentation;
  return {
    labelSelector: query.get('labelSelector') ?? undefined,
    fieldSelector: view && fieldSelector ? renameFields(fieldSelector, view.field) : fieldSelector,
  };
}

const renameFields = (selector: string, rename: (path: string) => string): string =>
  selector
    .split(',')
    .map((term) => term.replace(/^[\w.-]+/, (path) => rename(path)))
    .join(',');
