/** What we need to know of a server program to find it and to trust it. */
export interface ServerKind {
  readonly name: string;
  /** Environment variable that names the binary. */
  readonly variable: string;
  /** Programs that will do, most wanted first. */
  readonly programs: readonly string[];
  /** Oldest version that our adapters are tested with. */
  readonly minimumVersion: string;
  /** Where the version is in the output of `--version`. */
  readonly versionPattern: RegExp;
  /** Where Debian's package puts the program. */
  readonly debianPath: string;
}

/** Debian bookworm ships 2.9.10, the oldest server that the event bus supports. */
export const NATS_SERVER: ServerKind = {
  name: 'nats-server',
  variable: 'NATS_SERVER_BIN',
  programs: ['nats-server'],
  minimumVersion: '2.9.10',
  versionPattern: /v(\d+\.\d+\.\d+)/,
  debianPath: 'usr/sbin/nats-server',
};

/** Valkey answers the same protocol; both print `v=<version>`. */
export const REDIS_SERVER: ServerKind = {
  name: 'redis-server',
  variable: 'REDIS_SERVER_BIN',
  programs: ['redis-server', 'valkey-server'],
  minimumVersion: '6.2.0',
  versionPattern: /v=(\d+\.\d+\.\d+)/,
  debianPath: 'usr/bin/redis-server',
};
