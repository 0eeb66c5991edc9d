const SET = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/;

/**
 * Whether labels satisfy a Kubernetes label selector: `a=b`, `a==b`, `a!=b`, `a`, `!a`, `a in (b,c)`,
 * `a notin (b,c)`, joined by commas. Throws on anything else.
 */
export function matchesSelector(
  labels: Readonly<Record<string, string>> | undefined,
  selector: string | undefined,
): boolean {
  const own = labels ?? {};
  const requirements = (selector ?? '').split(/,(?![^(]*\))/).map((part) => part.trim());
  return requirements.filter(Boolean).every((requirement) => {
    const set = SET.exec(requirement);
    if (set) {
      const [, key = '', operator, list = ''] = set;
      const values = list.split(',').map((value) => value.trim());
      const isIn = own[key] !== undefined && values.includes(own[key]);
      return operator === 'in' ? isIn : !isIn;
    }
    const [, key = '', operator, value] = /^([^=!\s]+)\s*(==?|!=)\s*(\S*)$/.exec(requirement) ?? [];
    if (operator === '!=') return own[key] !== value;
    if (operator) return own[key] === value;
    if (/^![^=!\s]+$/.test(requirement)) return !(requirement.slice(1) in own);
    if (/^[^=!\s]+$/.test(requirement)) return requirement in own;
    throw new Error(
      `label selector ${JSON.stringify(selector)} is malformed at ${JSON.stringify(requirement)}`,
    );
  });
}
