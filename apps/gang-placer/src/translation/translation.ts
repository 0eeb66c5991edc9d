import type { ClusterObject, ResourceKind } from '@penstock/core/ports';

/** A field of the source that has no effect, or another one than its author may expect. */
export interface FieldNote {
  /** `spec.services.Frontend` */
  readonly field: string;
  readonly why: string;
}

/** Something in the source that must change before anything can be made of it. */
export interface TranslationProblem {
  readonly field: string;
  /** What is wrong and how to put it right. */
  readonly message: string;
}

/** An object to be made, in the namespace of the source. */
export interface OutputObject {
  readonly kind: ResourceKind;
  readonly object: ClusterObject;
}

/** What an object of somebody else's kind becomes: the same source and settings give the same objects. */
export interface Translation {
  readonly objects: readonly OutputObject[];
  readonly notActedUpon: readonly FieldNote[];
}

export type TranslationResult = Translation | { readonly problems: readonly TranslationProblem[] };

/** Settings of the service that translations depend on. */
export interface TranslationSettings {
  /** Keeps the frontends of Dynamo graphs unless an annotation says otherwise. */
  readonly keepFrontend: boolean;
  /** Image of engines whose source names none. */
  readonly engineImage: string;
  /** Folder of the CPU tier on every node; absent = engines keep KV blocks in GPU memory. */
  readonly tierCpuHostPath?: string | undefined;
  /** Folder of the SSD tier on every node. */
  readonly tierSsdHostPath?: string | undefined;
  /** Blocks of an engine in one file of a tier. */
  readonly tierChunkBlocks?: number;
  /** CPU memory of an engine through which files pass, in bytes. */
  readonly tierStagingBytes?: number;
}
