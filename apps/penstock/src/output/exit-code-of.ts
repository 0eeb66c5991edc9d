import { CommanderError } from 'commander';
import { EXIT } from './exit-code.js';
import { UnreachableError } from './unreachable-error.js';
import { UsageError } from './usage-error.js';

/** The exit code that an error which ends a command stands for. */
export function exitCodeOf(error: unknown): number {
  // Help and version end a command without being an error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof UnreachableError) return EXIT.unreachable;
  return EXIT.failed;
}
