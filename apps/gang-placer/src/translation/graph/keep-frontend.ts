import type { ClusterObject } from '@penstock/core/ports';
import type { TranslationProblem } from '../translation.js';

/** Annotation of a graph: `true` keeps Dynamo's frontend, `false` lets Penstock's front door take its place. */
export const KEEP_FRONTEND_ANNOTATION = 'penstock.dev/keep-frontend';

/** Whether the frontend of this graph is kept; the annotation counts before the setting of the service. */
export function keepsFrontend(
  source: ClusterObject,
  setting: boolean,
): { keeps: boolean; problems: TranslationProblem[] } {
  const said = source.metadata.annotations?.[KEEP_FRONTEND_ANNOTATION];
  if (said === undefined || said === 'true' || said === 'false') {
    return { keeps: said === undefined ? setting : said === 'true', problems: [] };
  }
  const field = `metadata.annotations[${KEEP_FRONTEND_ANNOTATION}]`;
  return {
    keeps: setting,
    problems: [{ field, message: `is ${JSON.stringify(said)}: write "true" or "false"` }],
  };
}
