/** What happened inside the adapter that nobody asked for: services count it and log it. */
export type ClusterNotice =
  /** A request that did not succeed. `status` is 0 when no answer came. */
  | {
      readonly kind: 'request-failed';
      readonly what: string;
      readonly status: number;
      readonly message: string;
    }
  | {
      readonly kind: 'listed';
      readonly resource: string;
      readonly objects: number;
      readonly reason: ListReason;
    }
  | {
      readonly kind: 'watch-ended';
      readonly resource: string;
      readonly reason: WatchEnd;
      readonly message?: string;
    }
  /** The API does not serve this kind: its definition is not installed. Asked again every few seconds. */
  | { readonly kind: 'kind-absent'; readonly resource: string }
  /** Events about objects that were not written because too many waited, or because the process ended. */
  | { readonly kind: 'events-dropped'; readonly count: number }
  | { readonly kind: 'handler-failed'; readonly resource: string; readonly message: string }
  | { readonly kind: 'lease-acquired' | 'lease-lost'; readonly lease: string; readonly transitions: number };

export type ListReason = 'first' | 'gone';
/**
 * `closed`: the server ended it. `silent`: nothing arrived for the idle time, the connection may be dead.
 * Both are routine on a quiet kind: count them, do not warn.
 * `gone`: the resource version is too old. `broken`: a line was not JSON. `failed`: any other error.
 */
export type WatchEnd = 'closed' | 'silent' | 'gone' | 'broken' | 'failed';

export type NoticeHandler = (notice: ClusterNotice) => void;
