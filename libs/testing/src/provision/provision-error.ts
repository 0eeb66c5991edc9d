/** A server binary could not be provided. The message is one sentence for people: what, where, how to fix. */
export class ProvisionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProvisionError';
  }
}
