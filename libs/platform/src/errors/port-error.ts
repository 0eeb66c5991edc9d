/** A listener could not be opened; names the configuration key its port came from. */
export class PortError extends Error {
  constructor(
    readonly key: string,
    readonly port: number,
    override readonly cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause));
    this.name = 'PortError';
  }

  /** Runs `open`; an address error that it throws becomes a `PortError` of `key`. */
  static async blame<T>(key: string, port: number, open: () => Promise<T>): Promise<T> {
    try {
      return await open();
    } catch (error) {
      const text = `${error instanceof Error ? error.message : ''} ${(error as NodeJS.ErrnoException)?.code ?? ''}`;
      if (/EADDRINUSE|EACCES|EADDRNOTAVAIL/.test(text)) throw new PortError(key, port, error);
      throw error;
    }
  }
}
