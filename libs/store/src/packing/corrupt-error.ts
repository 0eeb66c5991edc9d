/** A stored value cannot have been written by us as it is. The message says what is wrong with it. */
export class CorruptError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CorruptError';
  }
}
