/** Keeps what waits for a slow Redis within `limitBytes`: what would exceed it fails at once, and is written later. */
export class WriteBudget {
  private usedBytes = 0;

  constructor(private readonly limitBytes: number) {}

  /** Runs `write`; a single write may be larger than the limit. */
  async run<T>(bytes: number, write: () => Promise<T>): Promise<T> {
    if (this.usedBytes > 0 && this.usedBytes + bytes > this.limitBytes)
      throw new Error(`${this.usedBytes} bytes wait for it already; it is slower than the writes come`);
    this.usedBytes += bytes;
    try {
      return await write();
    } finally {
      this.usedBytes -= bytes;
    }
  }
}
