import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What go.mod and go.sum say of the tools. */
export interface GoModule {
  readonly folder: string;
  /** Text of go.mod and go.sum: every version that goes into the tools. */
  readonly text: string;
  /** Oldest Go that builds it, e.g. `1.26.0`. */
  readonly minimumGo: string;
  /** Version of Kubernetes, e.g. `v1.36.3`. */
  readonly kubernetes: string;
}

/** The module lies beside the sources, at the same distance from `src/tools` and from `dist/tools`. */
const FOLDER = fileURLToPath(new URL('../../tools', import.meta.url));

/** @throws Error when the module is not where it belongs */
export function readGoModule(folder: string = FOLDER): GoModule {
  const mod = readFileSync(`${folder}/go.mod`, 'utf8');
  const find = (pattern: RegExp, what: string): string => {
    const found = pattern.exec(mod)?.[1];
    if (!found) throw new Error(`${folder}/go.mod names no ${what}`);
    return found;
  };
  return {
    folder,
    text: mod + readFileSync(`${folder}/go.sum`, 'utf8'),
    minimumGo: find(/^go (\S+)$/m, 'Go version'),
    kubernetes: find(/^\s*(?:require )?k8s\.io\/kubernetes (v\S+)/m, 'version of k8s.io/kubernetes'),
  };
}
