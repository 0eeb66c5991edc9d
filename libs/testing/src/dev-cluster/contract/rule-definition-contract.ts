import { expect, it } from '@jest/globals';
import type { ContractCluster, RawAnswer } from './contract-cluster.js';
import { DEFINITIONS, definition, number, object, type Schema } from './ruled-definition.js';

/** Which rules a custom resource definition may not have. */
export function describeRuleDefinitions(get: () => ContractCluster): void {
  const causes = (answer: RawAnswer): string[] =>
    (answer.body.details?.causes ?? []).map((c) => `${c.field}: ${c.message}`).sort();
  const refusal = async (schema: Record<string, Schema>, rules: object[] = []): Promise<RawAnswer> =>
    get().request('POST', DEFINITIONS, definition('refuseds', 'Refused', schema, rules));
  const wrong = (rule: object, properties: Record<string, Schema> = { size: number }) =>
    refusal({ spec: object(properties, [rule]) });
  const at = 'spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0]';
  const compiled = (source: string, where: string, why: string) => {
    const [line = 1, column = 1] = where.split(':').map(Number);
    return `compilation failed: ERROR: <input>:${line}:${column}: ${why}\n | ${source}\n | ${'.'.repeat(column - 1)}^`;
  };

  it.each([
    ['', 'rule', 'Required value: rule is not specified'],
    ['self.sise > 1', 'rule', compiled('self.sise > 1', '1:5', "undefined field 'sise'")],
    ['has(self.sise)', 'rule', compiled('has(self.sise)', '1:4', "undefined field 'sise'")],
    [
      "self.size > 'a'",
      'rule',
      compiled("self.size > 'a'", '1:11', "found no matching overload for '_>_' applied to '(int, string)'"),
    ],
    ['size > 1', 'rule', compiled('size > 1', '1:1', "undeclared reference to 'size' (in container '')")],
    [
      'self.size.matches("a")',
      'rule',
      compiled(
        'self.size.matches("a")',
        '1:18',
        "found no matching overload for 'matches' applied to 'int.(string)'",
      ),
    ],
    ["'a'.matches('[')", 'rule', compiled("'a'.matches('[')", '1:13', 'invalid matches argument')],
    ['self.size + 1', 'rule', 'cel expression must evaluate to a bool'],
    ['self.size >', 'rule', 'compilation failed: ERROR: <input>:1:12: Syntax error'],
  ])('refuses a definition with the rule %j', async (rule, field, message) => {
    const answer = await wrong({ rule });
    expect(answer.status).toBe(422);
    expect(answer.body.details?.causes).toEqual([
      expect.objectContaining({ field: `${at}.${field}`, message: expect.stringContaining(message) }),
    ]);
  });

  it.each([
    [{ message: ' ' }, 'message', 'Invalid value: " ": must be non-empty if specified'],
    [{ message: 'a\nb' }, 'message', 'Invalid value: "a\\nb": must not contain line breaks'],
    [{ messageExpression: 'self.size' }, 'messageExpression', 'messageExpression must evaluate to a string'],
    [{ messageExpression: 'self.sise' }, 'messageExpression', 'messageExpression compilation failed'],
    [
      { reason: 'Odd' },
      'reason',
      'Unsupported value: "Odd": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"',
    ],
    [{ fieldPath: '.sise' }, 'fieldPath', 'Invalid value: ".sise": must be a valid path'],
    [{ fieldPath: 'size' }, 'fieldPath', 'Invalid value: "size": must be a valid path'],
    [
      { optionalOldSelf: true },
      'optionalOldSelf',
      'Invalid value: true: may not be set if oldSelf is not used in rule',
    ],
  ])('refuses a rule with %j', async (rest, field, message) => {
    const answer = await wrong({ rule: 'self.size > 1', ...rest });
    expect(answer.status).toBe(422);
    expect(answer.body.details?.causes).toEqual([
      expect.objectContaining({ field: `${at}.${field}`, message: expect.stringContaining(message) }),
    ]);
  });

  it('refuses rules where there is nothing to compare, and in alternatives', async () => {
    const list = {
      type: 'array',
      maxItems: 3,
      items: object({ n: number }, [{ rule: 'self.n == oldSelf.n' }]),
    };
    const root = 'spec.validation.openAPIV3Schema.properties[spec]';
    expect(causes(await refusal({ spec: object({ list }) }))).toEqual([
      `${root}.properties[list].items.x-kubernetes-validations[0].rule: Invalid value: "self.n == oldSelf.n": oldSelf cannot be used on the uncorrelatable portion of the schema within ${root}.properties[list]`,
    ]);
    const anyOf = [{ properties: { a: { 'x-kubernetes-validations': [{ rule: 'self > 1' }] } } }];
    expect(causes(await refusal({ spec: object({ a: number }, [], { anyOf }) }))).toEqual([
      `${root}.anyOf[0].properties[a].x-kubernetes-validations: Forbidden: must be empty to be structural`,
    ]);
  });

  it('hides from rules what has no type, and holds defaults to them', async () => {
    const free = { 'x-kubernetes-preserve-unknown-fields': true };
    const hidden = await wrong({ rule: 'has(self.free)' }, { free });
    expect(causes(hidden)).toEqual([expect.stringContaining("undefined field 'free'")]);
    const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const inside = await wrong({ rule: 'has(self.open.x)' }, { open });
    expect(causes(inside)).toEqual([expect.stringContaining("undefined field 'x'")]);
    const size = { type: 'integer', default: 0, 'x-kubernetes-validations': [{ rule: 'self > 1' }] };
    expect(causes(await refusal({ spec: object({ size }) }))).toEqual([
      'spec.validation.openAPIV3Schema.properties[spec].properties[size].default: Invalid value: 0: failed rule: self > 1',
    ]);
  });
}
