import type { ClusterNotice } from './notices.js';

/** The log level that a notice deserves: `debug` for what happens all the time in good health. */
export function noticeLevel(notice: ClusterNotice): 'debug' | 'info' | 'warn' {
  switch (notice.kind) {
    case 'listed':
      return 'debug';
    case 'watch-ended':
      if (notice.reason === 'closed' || notice.reason === 'silent') return 'debug';
      return notice.reason === 'gone' ? 'info' : 'warn';
    case 'kind-absent':
    case 'lease-acquired':
      return 'info';
    case 'request-failed':
    case 'events-dropped':
    case 'handler-failed':
    case 'lease-lost':
      return 'warn';
  }
}
