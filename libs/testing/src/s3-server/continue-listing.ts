import type { S3rverContext } from 's3rver';

interface ListBucketResult {
  readonly IsTruncated?: boolean;
  readonly Contents?: ReadonlyArray<{ readonly Key: string }>;
}

/**
 * Answers ListObjectsV2 by the first version of the call: s3rver encrypts its continuation tokens with DES, which the
 * OpenSSL of current Node.js does not have. Our token is the last key. Goes right before s3rver's routes.
 */
export async function continueListing(context: S3rverContext, next: () => Promise<void>): Promise<void> {
  const { 'list-type': version, 'continuation-token': token, 'start-after': after, ...query } = context.query;
  if (context.method !== 'GET' || version !== '2') return next();
  const marker = typeof token === 'string' ? Buffer.from(token, 'base64url').toString() : after;
  delete query['fetch-owner'];
  context.query = marker === undefined ? query : { ...query, marker };
  await next();
  const { ListBucketResult: result } = (context.body ?? {}) as { ListBucketResult?: ListBucketResult };
  if (result === undefined) return;
  const { Contents = [], IsTruncated } = result;
  const last = Contents.at(-1);
  const nextToken =
    IsTruncated && last ? { NextContinuationToken: Buffer.from(last.Key).toString('base64url') } : {};
  context.body = { ListBucketResult: { ...result, KeyCount: Contents.length, ...nextToken } };
}
