import type { IndexView } from './arena/index-view.js';

/** What can be read of an index, wherever it is. */
export type ReadableIndex = Pick<IndexView, keyof IndexView>;
