/** The group of the definitions these contracts make. */
export const GROUP = 'rules.penstock.dev';
export const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export type Schema = Record<string, unknown>;

export const object = (
  properties: Record<string, Schema>,
  rules: object[] = [],
  rest: Schema = {},
): Schema => ({
  type: 'object',
  properties,
  ...(rules.length > 0 ? { 'x-kubernetes-validations': rules } : {}),
  ...rest,
});
export const ruled = (type: string, ...rules: object[]): Schema => ({
  type,
  'x-kubernetes-validations': rules,
});
export const text: Schema = { type: 'string', maxLength: 20 };
export const number: Schema = { type: 'integer' };
export const names: Schema = { type: 'array', maxItems: 5, items: text };

export function definition(
  plural: string,
  kind: string,
  properties: Record<string, Schema>,
  rules: object[] = [],
) {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { plural, kind },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: object(properties, rules) },
          subresources: { status: {} },
        },
      ],
    },
  };
}
