import {
  askedFor,
  type InstanceFilter,
  type InstanceMatch,
  type InstanceSource,
  matchInstances,
} from './match-instances.js';
import { keysFor, type PromptQuery } from './prompt-keys.js';

export interface InstanceQuery extends InstanceFilter {
  readonly prompt: PromptQuery;
}

/** What each instance of a tenant that serves the model holds of a prompt, in tokens, by rank and medium. */
export function queryInstances(source: InstanceSource, query: InstanceQuery): Promise<InstanceMatch[]> {
  return matchInstances(source, askedFor(source, query), (blockSize) => keysFor(query.prompt, blockSize));
}
