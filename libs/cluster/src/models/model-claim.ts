import type { InferenceModel, InferenceModelRewrite } from '@penstock/contracts';
import type { ModelRule } from './model-table.js';

/** An InferenceModel or InferenceModelRewrite and what is made of it. */
export interface ModelClaim {
  readonly object: InferenceModel | InferenceModelRewrite;
  /** Why the object is ignored; absent when it is valid. */
  readonly invalid?: string;
  /** The object that has the model name already, for people; absent when this one has it. */
  readonly takenBy?: string;
  /** What the object adds; absent when it is ignored. */
  readonly rule?: ModelRule;
}
