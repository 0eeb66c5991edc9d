/** What the bus needs of a logger; pino's loggers fit. */
export interface BusLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const SILENT_LOG: BusLog = { info: () => {}, warn: () => {}, error: () => {} };
