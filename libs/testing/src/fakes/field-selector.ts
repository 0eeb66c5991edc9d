/**
 * Whether an object has the fields of a selector such as `spec.nodeName=node-1,status.phase!=Failed`; an absent field
 * equals the empty text.
 */
export function matchesFields(object: unknown, selector: string | undefined): boolean {
  return (selector ?? '')
    .split(',')
    .filter((term) => term.trim() !== '')
    .every((term) => {
      const [, path = '', operator = '', value = ''] =
        /^\s*([^=!]+?)\s*(!=|==?)\s*(.*?)\s*$/.exec(term) ?? [];
      if (path === '') throw new Error(`field selector "${term}" is not <field>=<value> or <field>!=<value>`);
      return (valueAt(object, path) === value) === (operator !== '!=');
    });
}

function valueAt(object: unknown, path: string): string {
  let value = object;
  for (const key of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[key];
  return value === undefined || value === null ? '' : String(value);
}
