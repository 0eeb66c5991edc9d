/** Why a whole message was refused. */
const BATCH_PROBLEMS = [
  'bad-sequence',
  'too-large',
  'too-deep',
  'too-many-elements',
  'not-msgpack',
  'not-a-batch',
] as const;
export type BatchProblem = (typeof BATCH_PROBLEMS)[number];

/** Why an event, or a field of one, was left out. */
const EVENT_PROBLEMS = [
  'bad-timestamp',
  'bad-rank',
  'not-an-event',
  'unknown-event',
  'unknown-field',
  'unknown-medium',
  'bad-hash',
  'bad-block-size',
  'bad-tokens',
  'token-count',
  'bad-lora',
  'bad-extra-keys',
  'bad-group',
] as const;
export type EventProblem = (typeof EVENT_PROBLEMS)[number];

/** All of them, for whoever counts. */
export const PROBLEMS = [...BATCH_PROBLEMS, ...EVENT_PROBLEMS] as const;
export type Problem = (typeof PROBLEMS)[number];

/** How often each problem occurred in one message. */
export type Problems = Partial<Record<Problem, number>>;

/** Counts `problem`. */
export function count(problems: Problems, problem: Problem): void {
  problems[problem] = (problems[problem] ?? 0) + 1;
}
