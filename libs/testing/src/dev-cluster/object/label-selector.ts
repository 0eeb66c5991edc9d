import { refuse } from './refusals.js';

export type LabelPredicate = (labels: Readonly<Record<string, string>> | undefined) => boolean;

const REQUIREMENT =
  /^\s*(?:(?<absent>!)\s*(?<absentKey>[\w./-]+)|(?<key>[\w./-]+)\s*(?:(?<set>in|notin)\s*\((?<values>[^)]*)\)|(?<op>==|=|!=|>|<)\s*(?<value>[\w.-]*))?)\s*$/;

/**
 * Parses a label selector in the form of the `labelSelector` query parameter: `a=b`, `a!=b`, `a in (b,c)`,
 * `a notin (b)`, `a`, `!a`, joined by commas.
 *
 * @throws ApiError 400 naming the part that cannot be read
 */
export function parseLabelSelector(selector: string | undefined): LabelPredicate {
  if (!selector?.trim()) return () => true;
  const requirements = selector.split(/,(?![^(]*\))/).map(parseRequirement);
  return (labels) => requirements.every((matches) => matches(labels ?? {}));
}

function parseRequirement(text: string): (labels: Readonly<Record<string, string>>) => boolean {
  const groups = REQUIREMENT.exec(text)?.groups;
  if (!groups)
    throw refuse.badRequest(`unable to parse requirement: ${JSON.stringify(text)} in labelSelector`);
  const { absentKey, key = '', set, values, op, value = '' } = groups;
  if (absentKey) return (labels) => labels[absentKey] === undefined;
  if (set) {
    const wanted = new Set((values ?? '').split(',').map((v) => v.trim()));
    return set === 'in'
      ? (labels) => labels[key] !== undefined && wanted.has(labels[key])
      : (labels) => labels[key] === undefined || !wanted.has(labels[key]);
  }
  if (op === undefined) return (labels) => labels[key] !== undefined;
  if (op === '!=') return (labels) => labels[key] !== value;
  if (op === '>') return (labels) => Number(labels[key]) > Number(value);
  if (op === '<') return (labels) => Number(labels[key]) < Number(value);
  return (labels) => labels[key] === value;
}
