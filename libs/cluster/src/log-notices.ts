import { noticeLevel } from './notice-level.js';
import type { NoticeHandler } from './notices.js';

/** What notices need of a logger; pino's loggers fit. */
export type NoticeLog = Record<'debug' | 'info' | 'warn', (fields: object, message: string) => void>;

/** Writes every notice as one log line: its kind is the message, all else are fields. */
export function logNotices(log: NoticeLog): NoticeHandler {
  return (notice) => {
    const { kind, ...fields } = notice;
    log[noticeLevel(notice)](fields, `kubernetes: ${kind}`);
  };
}
