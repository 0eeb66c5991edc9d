/** Why a whole message was refused. */
export type BatchProblem =
  | 'bad-sequence'
  | 'too-large'
  | 'too-deep'
  | 'too-many-elements'
  | 'not-msgpack'
  | 'not-a-batch';

/** Why an event, or a field of one, was left out. */
export type EventProblem =
  | 'bad-timestamp'
  | 'bad-rank'
  | 'not-an-event'
  | 'unknown-event'
  | 'unknown-field'
  | 'unknown-medium'
  | 'bad-hash'
  | 'bad-block-size'
  | 'bad-tokens'
  | 'token-count'
  | 'bad-lora'
  | 'bad-extra-keys'
  | 'bad-group';

export type Problem = BatchProblem | EventProblem;

/** How often each problem occurred in one message. */
export type Problems = Partial<Record<Problem, number>>;

/** Counts `problem`. */
export function count(problems: Problems, problem: Problem): void {
  problems[problem] = (problems[problem] ?? 0) + 1;
}
