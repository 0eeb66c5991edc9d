import type { ClusterObject, ResourceKind } from '@penstock/core/ports';
import type { TranslationResult, TranslationSettings } from './translation.js';

/** Turns the objects of one kind into objects that Penstock acts upon. Pure. */
export interface Translator {
  readonly kind: ResourceKind;
  /** Value of the label that names the source, without the source's name: `dynamo-graph`. */
  readonly label: string;
  translate(source: ClusterObject, settings: TranslationSettings): TranslationResult;
}
