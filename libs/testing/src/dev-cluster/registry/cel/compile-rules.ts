import type { Environment } from '@marcbachmann/cel-js';
import type { Cause } from '../../object/api-error.js';
import type { JsonObject } from '../../object/api-object.js';
import type { StructuralSchema } from '../structural-schema.js';
import { celEnvironment } from './cel-environment.js';
import { CelExpression } from './cel-expression.js';
import { CelTypes } from './cel-types.js';
import { resolveFieldPath } from './resolve-field-path.js';
import type { CompiledRule, RuleNode } from './rule-node.js';
import { runRules } from './run-rules.js';
import { parseRule, printRule, ruleCauses, rulesOf, type ValidationRule } from './validation-rule.js';

export interface CompiledRules {
  /** Undefined when there are no rules. */
  readonly root?: RuleNode;
  /** What keeps the definition from being accepted. */
  readonly causes: readonly Cause[];
}

/**
 * Compiles every `x-kubernetes-validations` of a schema.
 *
 * @param field path of the schema in its definition, for causes
 */
export function compileRules(schema: StructuralSchema, field: string): CompiledRules {
  if (!JSON.stringify(schema).includes('"x-kubernetes-validations"')) return { causes: [] };
  const compiler = new RuleCompiler();
  const root = compiler.node(schema, field, undefined, true);
  return { root, causes: compiler.causes };
}

const COMBINATORS = ['allOf', 'anyOf', 'oneOf'] as const;

class RuleCompiler {
  readonly causes: Cause[] = [];
  private readonly environment: Environment = celEnvironment().clone();
  private readonly types = new CelTypes(this.environment);

  /** @param atomicList path of the list around it whose items cannot be told apart between two versions */
  node(
    schema: StructuralSchema,
    field: string,
    atomicList: string | undefined,
    isRoot = false,
  ): RuleNode | undefined {
    this.refuseInCombinators(schema, field);
    const type = this.types.of(schema, isRoot);
    const rules = rulesOf(schema).flatMap((rule, i) => {
      const compiled = this.rule(rule, schema, `${field}.x-kubernetes-validations[${i}]`, atomicList);
      return compiled ? [compiled] : [];
    });
    const fields = new Map<string, RuleNode>();
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const child = this.node(property, `${field}.properties[${name}]`, atomicList);
      if (child) fields.set(name, child);
    }
    const isKeyed = schema['x-kubernetes-list-type'] === 'map';
    const items =
      schema.items && this.node(schema.items, `${field}.items`, atomicList ?? (isKeyed ? undefined : field));
    const rest = schema.additionalProperties;
    const values =
      typeof rest === 'object' ? this.node(rest, `${field}.additionalProperties`, atomicList) : undefined;
    if (rules.length === 0 && fields.size === 0 && !items && !values) return undefined;
    const result: RuleNode = { schema, type, rules, fields, items, values };
    this.checkDefault(result, `${field}.default`);
    return result;
  }

  /** A default must keep the rules it comes under. */
  private checkDefault(node: RuleNode, field: string): void {
    if (node.schema.default === undefined) return;
    for (const cause of runRules(node, node.schema.default, undefined)) {
      this.causes.push({ ...cause, field: cause.field === '<nil>' ? field : `${field}.${cause.field}` });
    }
  }

  private rule(
    written: JsonObject,
    schema: StructuralSchema,
    field: string,
    atomicList: string | undefined,
  ): CompiledRule | undefined {
    const wrong = ruleCauses(written, field);
    this.causes.push(...wrong);
    if (wrong.some((cause) => cause.field === `${field}.rule`)) return undefined;
    const rule = parseRule(written);
    const condition = this.expression(schema, written, rule, 'rule', field);
    const message = rule.messageExpression
      ? this.expression(schema, written, rule, 'messageExpression', field)
      : undefined;
    const fieldPath = resolveFieldPath(schema, rule.fieldPath);
    if (!fieldPath) {
      this.refuse(
        `${field}.fieldPath`,
        `Invalid value: ${JSON.stringify(rule.fieldPath)}: must be a valid path`,
      );
    }
    if (!condition) return undefined;
    if (condition.usesOldSelf && atomicList !== undefined) {
      const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${atomicList}`;
      this.refuse(`${field}.rule`, `Invalid value: ${JSON.stringify(rule.rule)}: ${why}`);
    }
    if (!condition.usesOldSelf && written['optionalOldSelf'] !== undefined) {
      const why = 'may not be set if oldSelf is not used in rule';
      this.refuse(
        `${field}.optionalOldSelf`,
        `Invalid value: ${JSON.stringify(written['optionalOldSelf'])}: ${why}`,
      );
    }
    return { rule, condition, message, fieldPath: fieldPath ?? [] };
  }

  private expression(
    schema: StructuralSchema,
    written: JsonObject,
    rule: ValidationRule,
    part: 'rule' | 'messageExpression',
    field: string,
  ): CelExpression | undefined {
    const type = this.types.of(schema)?.name ?? 'dyn';
    const environment = this.environment
      .clone()
      .registerVariable('self', type)
      .registerVariable('oldSelf', rule.optionalOldSelf ? `optional<${type}>` : type);
    const source = rule[part] ?? '';
    const compiled = CelExpression.compile(environment, source, part === 'rule' ? 'bool' : 'string');
    if (compiled instanceof CelExpression) return compiled;
    const isMessage = part === 'messageExpression' && compiled.problem.startsWith('compilation');
    const problem = isMessage ? `messageExpression ${compiled.problem}` : compiled.problem;
    this.refuse(`${field}.${part}`, `Invalid value: ${printRule(written)}: ${problem}`);
    return undefined;
  }

  private refuseInCombinators(schema: StructuralSchema, field: string): void {
    for (const keyword of COMBINATORS) {
      const parts = schema[keyword];
      if (Array.isArray(parts)) {
        for (const [i, part] of parts.entries()) this.refuseRules(part, `${field}.${keyword}[${i}]`);
      }
    }
    if (schema['not']) this.refuseRules(schema['not'], `${field}.not`);
  }

  /** Alternatives only restrict values; rules stand beside them. */
  private refuseRules(part: unknown, field: string): void {
    const schema = part as StructuralSchema;
    if (schema['x-kubernetes-validations']) {
      const message = 'Forbidden: must be empty to be structural';
      this.causes.push({
        field: `${field}.x-kubernetes-validations`,
        reason: 'FieldValueForbidden',
        message,
      });
    }
    for (const [name, property] of Object.entries(schema.properties ?? {}))
      this.refuseRules(property, `${field}.properties[${name}]`);
    if (schema.items) this.refuseRules(schema.items, `${field}.items`);
  }

  private refuse(field: string, message: string): void {
    this.causes.push({ field, reason: 'FieldValueInvalid', message });
  }
}
