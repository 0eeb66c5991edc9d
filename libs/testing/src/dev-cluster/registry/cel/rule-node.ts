import type { StructuralSchema } from '../structural-schema.js';
import type { CelExpression } from './cel-expression.js';
import type { CelType } from './cel-types.js';
import type { ValidationRule } from './validation-rule.js';

export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly condition: CelExpression;
  readonly message?: CelExpression;
  /** Field names below the value, from `fieldPath`. */
  readonly fieldPath: readonly string[];
}

/** The rules of a schema and of all it contains; parts without rules are left out. */
export interface RuleNode {
  readonly schema: StructuralSchema;
  readonly type: CelType | undefined;
  readonly rules: readonly CompiledRule[];
  readonly fields: ReadonlyMap<string, RuleNode>;
  readonly items?: RuleNode;
  readonly values?: RuleNode;
}
