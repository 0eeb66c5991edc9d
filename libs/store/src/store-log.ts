/** What the store needs of a logger; pino's loggers fit. */
export interface StoreLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export const SILENT_LOG: StoreLog = { info: () => {}, warn: () => {} };
