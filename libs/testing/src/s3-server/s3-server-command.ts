import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ServerCommand } from '../servers/index.js';

export interface S3ServerCommandOptions {
  readonly host?: string;
  readonly port: number;
  readonly dataDir: string;
  readonly bucket: string;
}

/** The S3 server as a process of its own; it prints one line of JSON, `{ready, url, pid}`, when it listens. */
export function s3ServerCommand(options: S3ServerCommandOptions): ServerCommand {
  const { host = '127.0.0.1', port, dataDir, bucket } = options;
  const flags = ['--host', host, '--port', String(port), '--data-dir', dataDir, '--bucket', bucket];
  return { command: process.execPath, args: [...entry(), ...flags], env: {} };
}

/** Built, or in tests from source. */
function entry(): string[] {
  const built = fileURLToPath(new URL('./main.js', import.meta.url));
  if (existsSync(built)) return [built];
  const source = fileURLToPath(new URL('./main.ts', import.meta.url));
  const loader = fileURLToPath(new URL('../../../../.config/source-loader.mjs', import.meta.url));
  return ['--experimental-transform-types', '--no-warnings', '--import', loader, source];
}
