import { Optional } from '@marcbachmann/cel-js';
import type { Cause } from '../../object/api-error.js';
import type { Json } from '../../object/api-object.js';
import { sameJson } from '../../object/json.js';
import { schemaChildren } from '../schema-children.js';
import type { StructuralSchema } from '../structural-schema.js';
import { alignLists } from './align-lists.js';
import type { CelVariables } from './cel-expression.js';
import type { CelType } from './cel-types.js';
import type { CompiledRule, RuleNode } from './rule-node.js';

/** As the API server: a longer message is not shown. */
const MAX_MESSAGE_BYTES = 5 * 1024;

interface Place {
  readonly value: Json;
  /** The value in the same place before the change. */
  readonly old: Json | undefined;
  /** Empty at the root. */
  readonly path: string;
  /** It, or something it is part of, is as it was: rules about the state alone are not asked again. */
  readonly isUnchanged: boolean;
}

/**
 * What of an object breaks the rules of its schema. A rule that looks at `oldSelf` is asked where there is an old
 * value, others where the value has changed.
 */
export function runRules(root: RuleNode, value: Json, old: Json | undefined): Cause[] {
  return run(root, { value, old, path: '', isUnchanged: false });
}

function run(node: RuleNode, { value, old, path, isUnchanged: isParentUnchanged }: Place): Cause[] {
  if (value === null) return [];
  const isUnchanged = isParentUnchanged || (old !== undefined && sameJson(value, old));
  const place = { value, old, path, isUnchanged };
  return [...causesAt(node, place), ...schemaChildren(value, node.schema, old).flatMap(below)];

  function below(child: ReturnType<typeof schemaChildren>[number]): Cause[] {
    const { key, kind } = child;
    const next = kind === 'field' ? node.fields.get(String(key)) : kind === 'item' ? node.items : node.values;
    if (!next) return [];
    const step = kind === 'field' ? (path ? `${path}.${key}` : String(key)) : `${path}[${key}]`;
    return run(next, { value: child.value, old: child.old, path: step, isUnchanged });
  }
}

function causesAt(node: RuleNode, place: Place): Cause[] {
  const { value, old, isUnchanged } = place;
  const due = node.rules.filter(({ condition, rule }) =>
    condition.usesOldSelf ? rule.optionalOldSelf || (old ?? null) !== null : !isUnchanged,
  );
  if (due.length === 0 || !node.type) return [];
  const type = node.schema.type ?? '';
  let values: CelVariables;
  try {
    values = valuesOf(node.type, node.schema, value, old ?? undefined);
  } catch (error) {
    // A text that is not of its format, such as a duration that is none.
    return [failure(place.path, type, (error as Error).message)];
  }
  return due.flatMap((compiled) => {
    const { self, oldSelf } = values;
    const optional = oldSelf === undefined ? Optional.none() : Optional.of(oldSelf);
    const variables = { self, oldSelf: compiled.rule.optionalOldSelf ? optional : oldSelf };
    return causeOf(compiled, variables, place, type);
  });
}

function valuesOf(
  { convert }: CelType,
  schema: StructuralSchema,
  value: Json,
  old: Json | undefined,
): CelVariables {
  return {
    self: convert(value),
    oldSelf: old === undefined ? undefined : convert(alignLists(old, value, schema)),
  };
}

const failure = (path: string, type: string, why: string): Cause => ({
  field: path || '<nil>',
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${JSON.stringify(type)}: ${why}`,
});

function causeOf(
  compiled: CompiledRule,
  variables: CelVariables,
  { value, path }: Place,
  type: string,
): Cause[] {
  const { rule, condition, fieldPath } = compiled;
  const said = rule.message?.trim();
  try {
    if (condition.evaluate(variables) === true) return [];
  } catch (error) {
    const why = `${(error as Error).message} evaluating rule: ${said ?? rule.rule.trim()}`;
    return [failure(path, type, why)];
  }
  const field = `${path}${fieldPath.join('')}`.replace(/^\./, '') || '<nil>';
  const detail = expressed(compiled, variables) ?? said ?? `failed rule: ${rule.rule.trim()}`;
  return [{ field, reason: rule.reason, message: messageOf(rule.reason, value, detail) }];
}

/** What the rule's `messageExpression` says; undefined when it fails or says nothing that can be shown. */
function expressed({ message }: CompiledRule, variables: CelVariables): string | undefined {
  if (!message) return undefined;
  try {
    const text = String(message.evaluate(variables)).trim();
    const isShown = text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= MAX_MESSAGE_BYTES;
    return isShown ? text : undefined;
  } catch {
    return undefined;
  }
}

function messageOf(reason: CompiledRule['rule']['reason'], value: Json, detail: string): string {
  const shown = typeof value === 'object' ? '' : ` ${JSON.stringify(value)}:`;
  switch (reason) {
    case 'FieldValueForbidden':
      return `Forbidden: ${detail}`;
    case 'FieldValueRequired':
      return `Required value: ${detail}`;
    case 'FieldValueDuplicate':
      return `Duplicate value${shown ? `:${shown.slice(0, -1)}` : ''}`;
    default:
      return `Invalid value:${shown} ${detail}`;
  }
}
