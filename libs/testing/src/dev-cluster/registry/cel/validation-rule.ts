import type { Cause } from '../../object/api-error.js';
import type { Json, JsonObject } from '../../object/api-object.js';
import { isObject } from '../../object/json.js';
import type { StructuralSchema } from '../structural-schema.js';

/** Why an object that breaks a rule is refused; anything else is an error of the definition. */
const REASONS = [
  'FieldValueDuplicate',
  'FieldValueForbidden',
  'FieldValueInvalid',
  'FieldValueRequired',
] as const;

/** One entry of `x-kubernetes-validations` (apiextensions/v1 ValidationRule). */
export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason: (typeof REASONS)[number];
  /** Where the cause points, below the value the rule is about, e.g. `.size`. */
  readonly fieldPath?: string;
  readonly optionalOldSelf: boolean;
}

/** The rules of one schema, as they are written. */
export function rulesOf(schema: StructuralSchema): JsonObject[] {
  const rules = schema['x-kubernetes-validations'];
  return Array.isArray(rules) ? (rules as Json[]).filter(isObject) : [];
}

const text = (value: Json | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

export function parseRule(rule: JsonObject): ValidationRule {
  return {
    rule: text(rule['rule']) ?? '',
    message: text(rule['message']),
    messageExpression: text(rule['messageExpression']),
    reason: REASONS.find((reason) => reason === rule['reason']) ?? 'FieldValueInvalid',
    fieldPath: text(rule['fieldPath']),
    optionalOldSelf: rule['optionalOldSelf'] === true,
  };
}

/**
 * What is wrong with a rule before anyone compiles it, in the words of the API server.
 *
 * @param field path of the rule in the definition
 */
export function ruleCauses(rule: JsonObject, field: string): Cause[] {
  const causes: Cause[] = [];
  const add = (name: string, reason: Cause['reason'], message: string): void => {
    causes.push({ field: `${field}.${name}`, reason, message });
  };
  const { message, reason } = rule;
  const source = text(rule['rule']);
  if (!source?.trim()) add('rule', 'FieldValueRequired', 'Required value: rule is not specified');
  if (typeof message === 'string' && message !== '') {
    const value = `Invalid value: ${JSON.stringify(message)}`;
    if (!message.trim()) add('message', 'FieldValueInvalid', `${value}: must be non-empty if specified`);
    else if (message.includes('\n'))
      add('message', 'FieldValueInvalid', `${value}: must not contain line breaks`);
  } else if (source?.trim().includes('\n')) {
    add(
      'message',
      'FieldValueRequired',
      'Required value: message must be specified if rule contains line breaks',
    );
  }
  if (reason !== undefined && reason !== null && !REASONS.some((known) => known === reason)) {
    const supported = REASONS.map((known) => `"${known}"`).join(', ');
    add(
      'reason',
      'FieldValueNotSupported',
      `Unsupported value: ${JSON.stringify(reason)}: supported values: ${supported}`,
    );
  }
  return causes;
}

/** A rule as the API server prints it in its refusals: Go's JSON of the internal type. */
export function printRule(rule: JsonObject): string {
  const printed = {
    Rule: rule['rule'] ?? '',
    Message: rule['message'] ?? '',
    MessageExpression: rule['messageExpression'] ?? '',
    Reason: rule['reason'] ?? null,
    FieldPath: rule['fieldPath'] ?? '',
    OptionalOldSelf: rule['optionalOldSelf'] ?? null,
  };
  return JSON.stringify(printed).replace(
    /[<>&]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
