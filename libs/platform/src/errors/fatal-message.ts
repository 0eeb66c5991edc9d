import { envOf, flagOf } from '../config/key-names.js';
import { PortError } from './port-error.js';

/** One line for the operator from an error that ended the process; a port problem names its flag. */
export function fatalMessage(service: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof PortError)) return `${service}: ${message.split('\n')[0]}`;
  const change = `${flagOf(error.key)} or ${envOf(error.key)}`;
  const text = `${message} ${(error.cause as NodeJS.ErrnoException)?.code ?? ''}`;
  if (text.includes('EADDRINUSE'))
    return `${service}: port ${error.port} is taken; choose another with ${change}`;
  if (text.includes('EACCES')) {
    return `${service}: not allowed to listen on port ${error.port}; choose one above 1023 with ${change}`;
  }
  return `${service}: the bind address does not exist on this machine; change it with --host or PENSTOCK_HOST`;
}
