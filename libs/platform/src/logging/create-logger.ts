import { type DestinationStream, type Logger, pino } from 'pino';
import { maskUrl } from '../config/mask-config.js';
import { allowFields, LOG_FIELDS } from './log-fields.js';

export interface LoggerOptions {
  readonly service: string;
  readonly instance: string;
  readonly level: string;
  /** Further field names this service may log. */
  readonly fields?: readonly string[];
  /** Standard output unless given. */
  readonly destination?: DestinationStream;
}

/** What of an error may be logged. A JSON syntax error quotes its input, which may be a prompt. */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const quotesInput = error instanceof SyntaxError;
  const code = 'code' in error ? error.code : undefined;
  return {
    type: error.name,
    message: quotesInput ? 'message withheld: it may quote its input' : maskUrl(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(quotesInput ? {} : { stack: maskUrl(error.stack ?? '') }),
  };
}

/** JSON lines on standard output; fields outside the allow-list are withheld and counted. */
export function createLogger(options: LoggerOptions): Logger {
  const allowed = new Set([...LOG_FIELDS, ...(options.fields ?? [])]);
  return pino(
    {
      level: options.level,
      base: { service: options.service, instance: options.instance },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => allowFields(fields, allowed),
        bindings: (bindings) => bindings,
      },
      serializers: { err: describeError },
      hooks: {
        // Clients put the address they were given, password included, into their messages.
        logMethod(args, method) {
          const masked = args.map((arg: unknown) => (typeof arg === 'string' ? maskUrl(arg) : arg));
          method.apply(this, masked as typeof args);
        },
      },
    },
    options.destination ?? pino.destination({ dest: 1, sync: true }),
  );
}
