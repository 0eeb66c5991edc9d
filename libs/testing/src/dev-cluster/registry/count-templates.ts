import type { ApiObject } from '../object/api-object.js';
import { sameJson } from '../object/json.js';

/** The annotation that holds the count. */
export const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

/** How many templates a DaemonSet has had: the server keeps the count, whatever clients send. */
export function countTemplates(object: ApiObject, old: ApiObject | undefined): void {
  const before = Number(old?.metadata.annotations?.[TEMPLATE_GENERATION] ?? 0);
  const isSame = old && sameJson(object.spec?.['template'], old.spec?.['template']);
  const count = isSame && before > 0 ? before : before + 1;
  object.metadata.annotations = { ...object.metadata.annotations, [TEMPLATE_GENERATION]: String(count) };
}
