/** Every problem of a configuration at once, one line each. */
export class ConfigError extends Error {
  constructor(
    readonly service: string,
    readonly problems: readonly string[],
  ) {
    super(
      `${service}: ${problems.length} configuration problem${problems.length === 1 ? '' : 's'}\n` +
        problems.map((p) => `  - ${p}`).join('\n') +
        `\n  Run with --help to see every setting.`,
    );
    this.name = 'ConfigError';
  }
}
