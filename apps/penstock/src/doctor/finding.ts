/** `skip`: not looked at, and so neither good nor bad. */
export type FindingStatus = 'ok' | 'warn' | 'fail' | 'skip';

/** What one check found. */
export interface Finding {
  /** Part that was looked at: `nats`, `services`, … */
  readonly area: string;
  readonly name: string;
  readonly status: FindingStatus;
  /** What was seen, in one sentence. */
  readonly detail: string;
  /** What to do; there unless all is well. */
  readonly fix?: string;
}

/** Looks at one area. What it throws becomes a failed finding of the area. */
export interface Check {
  readonly area: string;
  readonly run: () => Promise<readonly Finding[]>;
}
