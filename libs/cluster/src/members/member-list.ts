interface Member {
  fingerprint: string;
  /** When its record last changed. */
  changedMs: number;
  /** How long its record has stayed the same while the watch was seen to work. */
  silentMs: number;
  alive: boolean;
}

/**
 * Who is alive, judged from records that every member renews and that one ordered watch brings.
 *
 * A member's time of silence runs only between two of our own renewals that the same watch brought back within
 * `deadAfterMs`: then the watch works, and what it did not bring was not written. While the watch, the API or this
 * process stands still nobody is judged, and afterwards everybody has the whole time again. Only durations on the
 * observer's monotonic clock count, never the times that others wrote.
 */
export class MemberList {
  private readonly others = new Map<string, Member>();
  private echoMs: number | undefined;
  private members: readonly string[];

  constructor(
    private readonly own: string,
    private readonly deadAfterMs: number,
  ) {
    this.members = [own];
  }

  /** Live members in the order of their names, always with this one. The same array until the set changes. */
  get live(): readonly string[] {
    return this.members;
  }

  /** The watch brought our own renewal. */
  echoed(nowMs: number): void {
    const sinceMs = nowMs - (this.echoMs ?? Number.NEGATIVE_INFINITY);
    this.echoMs = nowMs;
    for (const member of this.others.values()) {
      if (sinceMs > this.deadAfterMs) member.silentMs = 0;
      else member.silentMs += Math.min(sinceMs, nowMs - member.changedMs);
      if (member.silentMs > this.deadAfterMs) member.alive = false;
    }
    this.settle();
  }

  /** The watch brought another member's record, changed or not. */
  seen(name: string, fingerprint: string, nowMs: number): void {
    if (name === this.own || this.others.get(name)?.fingerprint === fingerprint) return;
    this.others.set(name, { fingerprint, changedMs: nowMs, silentMs: 0, alive: true });
    this.settle();
  }

  /** The record was taken away: a member that leaves does that. */
  gone(name: string): void {
    if (this.others.delete(name)) this.settle();
  }

  /** Members that have been silent for longer than this. */
  silentFor(ms: number): string[] {
    return [...this.others].filter(([, { silentMs }]) => silentMs > ms).map(([name]) => name);
  }

  private settle(): void {
    const live = [this.own, ...this.others.keys()].filter((name) => this.others.get(name)?.alive ?? true);
    live.sort();
    if (live.length !== this.members.length || live.some((name, i) => name !== this.members[i]))
      this.members = live;
  }
}
