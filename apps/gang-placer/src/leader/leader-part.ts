/** The time during which one replica may write. */
export interface LeaderTerm {
  /** Fencing token: grows with every change of holder. Everything written carries it or a resource version. */
  readonly transitions: number;
  /** False as soon as another replica may lead: ask before every write. */
  isHeld(): boolean;
}

/**
 * A part of the service that only the leading replica does. It watches from its construction on, so that it can begin
 * at once, and writes only between `lead` and `yield`.
 */
export interface LeaderPart {
  /** For health and logs: one word. */
  readonly name: string;
  /** Kinds that were not listed yet; empty when everything it reads is known. */
  unsynced(): readonly string[];
  /** Begins to work. Must not throw: what goes wrong is retried and told in health. */
  lead(term: LeaderTerm): void;
  /** Resolves when nothing of it writes any more; the next `lead` may follow. */
  yield(): Promise<void>;
  /** Stops watching. Called last, after `yield`. */
  close(): Promise<void>;
}
