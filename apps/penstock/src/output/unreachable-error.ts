/** What the command needs does not answer: exit code 3. */
export class UnreachableError extends Error {}
