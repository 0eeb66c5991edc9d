import { ProvisionError } from './provision-error.js';
import type { CommandResult } from './run-command.js';

const DISK_FULL = /no space left|not enough free space|write error|ENOSPC/i;
const NO_NETWORK =
  /could not resolve|temporary failure|unable to connect|could not connect|timed out|network is unreachable|failed to fetch/i;

/** Throws one sentence that names the cause and the way out when a packaging command failed. */
export function expectSuccess(result: CommandResult, command: string, folder: string): void {
  if (result.status === 0) return;
  const output = `${result.stderr}\n${result.stdout}`;
  if (DISK_FULL.test(output)) {
    throw new ProvisionError(
      `the disk that holds ${folder} is full: unpacking nats-server and redis-server needs about 60 MB; free space or set XDG_CACHE_HOME.`,
    );
  }
  if (NO_NETWORK.test(output)) {
    throw new ProvisionError(
      'the Debian package mirror cannot be reached to download nats-server and redis-server; connect to the network once, or install them (apt-get install nats-server redis-server), or set NATS_SERVER_BIN and REDIS_SERVER_BIN.',
    );
  }
  const lines = output.split('\n').map((line) => line.trim());
  const reason =
    lines.find((line) => /^(E:|dpkg)/.test(line)) ?? lines.find(Boolean) ?? `status ${result.status}`;
  throw new ProvisionError(`\`${command}\` failed: ${reason}`);
}
