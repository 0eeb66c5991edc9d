import { mkdirSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { startS3Server } from './start-s3-server.js';

const port = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('expected a port number');
  return value;
};
const bucketName = (text: string): string => {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(text)) {
    throw new InvalidArgumentError('expected 3 to 63 lower-case letters, digits, "-" and "."');
  }
  return text;
};

const program = new Command('s3-server')
  .description('A small S3 server for tests and the laptop: one bucket in a folder')
  .requiredOption('--data-dir <folder>', 'objects; the same folder continues where it stopped')
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--port <port>', 'port to listen on; 0 takes any free one', port, 9000)
  .option('--bucket <name>', 'made when it is not there', bucketName, 'penstock')
  .parse();

try {
  const flags = program.opts<{ dataDir: string; host: string; port: number; bucket: string }>();
  mkdirSync(flags.dataDir, { recursive: true });
  const server = await startS3Server(flags);
  process.stdout.write(`${JSON.stringify({ ready: true, url: server.url, pid: process.pid })}\n`);
  const stop = () => void server.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
} catch (error) {
  const { message, code } = error as NodeJS.ErrnoException;
  process.stderr.write(
    code === 'EADDRINUSE'
      ? 's3-server: the port is taken; choose another with --port\n'
      : `s3-server: ${message}\n`,
  );
  process.exit(1);
}
