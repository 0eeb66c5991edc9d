import { idOf, type RenderedObject } from '../rendered-object.js';
import { workloadsOf } from './workload.js';

/** A URL with a password, a private key, or a variable that should come from a Secret. */
const SECRET_VALUE = /:\/\/[^/\s"]*:[^/\s"@]+@|-----BEGIN [A-Z ]*PRIVATE KEY/;
const SECRET_NAME = /passw|secret|token|credential|access_?key/i;
/** Variables that name a file or a folder say where something is, not what it is. */
const PLACE = /_(FILE|DIR|PATH)$|_TOKENS$/;

/** Secrets that a release holds itself, one line each. */
export function secretProblems(objects: readonly RenderedObject[]): string[] {
  const problems: string[] = [];
  for (const object of objects) {
    const id = idOf(object);
    if (object.kind === 'Secret') problems.push(`${id}: is a Secret of the release`);
    if (SECRET_VALUE.test(JSON.stringify(object))) problems.push(`${id}: holds a secret`);
    if (object.kind === 'ConfigMap') {
      for (const key of Object.keys(object.data ?? {})) {
        if (SECRET_NAME.test(key)) problems.push(`${id}: ${key} belongs into a Secret`);
      }
    }
  }
  for (const { object, pod } of workloadsOf(objects)) {
    for (const { env = [] } of pod.containers) {
      for (const { name, value } of env) {
        if (value !== undefined && SECRET_NAME.test(name) && !PLACE.test(name)) {
          problems.push(`${idOf(object)}: ${name} belongs into a Secret`);
        }
      }
    }
  }
  return problems;
}
