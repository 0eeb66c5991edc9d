import { type BulkheadPolicy, bulkhead } from 'cockatiel';
import type { KvNodeMetrics } from '../metrics.js';
import { checkedParts } from '../tiers/checked-parts.js';
import { ChunkProblem, type ProblemCode } from '../tiers/chunk-problem.js';
import type { TierName } from '../tiers/tier-name.js';
import type { ChunkTiers } from './chunk-tiers.js';
import { readingCopy, sourceCopy } from './copy-source.js';
import { readObjectMetadata } from './object-metadata.js';

export interface CopyRef {
  readonly path: string;
  readonly tier: TierName;
  /** What it must be on S3; both 0: what its metadata says. */
  readonly sizeBytes: number;
  readonly crc32: number;
}

/** Reads copies back. A damaged one in a folder is put aside, as no one may read it. */
export class CopyVerifier {
  private readonly limit: BulkheadPolicy;

  constructor(
    private readonly tiers: ChunkTiers,
    private readonly metrics: KvNodeMetrics,
    concurrency: number,
  ) {
    this.limit = bulkhead(concurrency, Number.POSITIVE_INFINITY);
  }

  /** Problems of the copies, in order; empty where intact. */
  verifyAll(copies: readonly CopyRef[]): Promise<Array<ProblemCode | ''>> {
    return Promise.all(copies.map((copy) => this.limit.execute(() => this.answer(copy))));
  }

  private async answer(copy: CopyRef): Promise<ProblemCode | ''> {
    let problem: ProblemCode | '' = '';
    try {
      await this.tiers.locks.run(copy.path, () => this.verify(copy));
    } catch (error) {
      if (!(error instanceof ChunkProblem)) throw error;
      problem = error.code;
    }
    this.metrics.countVerified(problem);
    return problem;
  }

  private async verify({ tier, path, sizeBytes, crc32 }: CopyRef): Promise<void> {
    if (tier !== 's3') {
      const copy = sourceCopy(this.tiers, tier, path);
      return readingCopy(this.tiers, copy, readToEnd);
    }
    const object = await this.tiers.s3.open(path);
    const kept = readObjectMetadata(object.metadata).crc32 ?? crc32;
    const named = sizeBytes !== 0 || crc32 !== 0;
    const expected = named ? { sizeBytes, crc32 } : { sizeBytes: object.sizeBytes, crc32: kept };
    try {
      await readToEnd(checkedParts(object.body, expected, `${path} on S3`));
    } finally {
      await object.body.return?.();
    }
  }
}

async function readToEnd(parts: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of parts);
}
