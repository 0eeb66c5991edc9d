import type { Condition, PodCliqueSet, PodGang } from '@penstock/contracts';
import type { Finding } from '../workload/set-condition.js';
import type { FieldNote, OutputObject, TranslationProblem } from './translation.js';

/** Most characters of a condition's message. */
const MAX_MESSAGE = 8_000;

/** Why a translation could not be written although the source is right. */
export interface Refusal {
  readonly reason: 'NameTaken' | 'KindMissing' | 'Rejected';
  /** What is in the way and how to remove it. */
  readonly message: string;
}

/** Conditions of a source in which something must change first. */
export function invalidFindings(problems: readonly TranslationProblem[]): Finding[] {
  const text = problems.map(({ field, message }) => `${field}: ${message}`).join('; ');
  const message = cut(text, '. Until this is mended nothing is created or changed');
  return [
    { type: 'Accepted', status: 'False', reason: 'Invalid', message },
    { type: 'Translated', status: 'False', reason: 'Invalid', message: 'see the condition Accepted' },
  ];
}

/** Conditions of a source whose objects are there, or cannot be written. */
export function acceptedFindings(
  objects: readonly OutputObject[],
  notes: readonly FieldNote[],
  refusal: Refusal | undefined,
): Finding[] {
  const made = objects.map(({ object: { kind, metadata } }) => `${kind} ${metadata.name}`).join(', ');
  return [
    { type: 'Accepted', status: 'True', reason: 'Valid', message: 'the object is being acted upon' },
    refusal
      ? { type: 'Translated', status: 'False', ...refusal, message: cut(refusal.message, '') }
      : { type: 'Translated', status: 'True', reason: 'Applied', message: cut(`became ${made}`, '') },
    notActedUponFinding(notes),
  ];
}

/** Whether the engines of the set are there, and what keeps its first gang from its place. */
export function readyFinding(set: PodCliqueSet | undefined, gang: PodGang | undefined): Finding {
  const type = 'Ready';
  if (!set) return { type, status: 'False', reason: 'NoEngines', message: 'the PodCliqueSet does not exist' };
  const { status, spec, metadata } = set;
  const name = `PodCliqueSet ${metadata.name}`;
  const invalid = falseCondition(status?.conditions, 'Valid');
  if (invalid) {
    const message = cut(`${name}: ${invalid.message}`, '');
    return { type, status: 'False', reason: 'SetNotActedUpon', message };
  }
  const message = `${status?.availableReplicas ?? 0} of ${spec.replicas ?? 0} replicas of ${name} have the engines they need`;
  if ((status?.availableReplicas ?? 0) >= (spec.replicas ?? 0)) {
    return { type, status: 'True', reason: 'EnginesReady', message };
  }
  const waits = falseCondition(gang?.status?.conditions, 'Scheduled');
  const why = waits ? `; PodGang ${gang?.metadata.name} waits for a place: ${waits.message}` : '';
  return { type, status: 'False', reason: 'WaitingForEngines', message: cut(message + why, '') };
}

function falseCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type && condition.status === 'False');
}

/** `state` as Dynamo's own operator writes it. */
export function dynamoState(conditions: readonly Condition[]): string {
  const isTrue = (type: string) => conditions.some((c) => c.type === type && c.status === 'True');
  if (!isTrue('Accepted') || !isTrue('Translated')) return 'failed';
  return isTrue('Ready') ? 'successful' : 'pending';
}

function notActedUponFinding(notes: readonly FieldNote[]): Finding {
  const type = 'penstock.dev/NotActedUpon';
  if (notes.length === 0) {
    return { type, status: 'False', reason: 'AllFieldsUsed', message: 'every field has its effect' };
  }
  const message = cut(notes.map(({ field, why }) => `${field}: ${why}`).join('; '), '');
  return { type, status: 'True', reason: 'FieldsWithoutEffect', message };
}

function cut(text: string, end: string): string {
  const room = MAX_MESSAGE - end.length;
  return (text.length <= room ? text : `${text.slice(0, room - 1)}…`) + end;
}
