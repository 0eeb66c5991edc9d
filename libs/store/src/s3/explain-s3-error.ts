import { ObjectStoreError, type ObjectStoreErrorCode } from '@penstock/core/ports';

interface SdkError {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly errors?: readonly SdkError[];
  readonly cause?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** What an error is about: said in its message. */
export interface S3Place {
  readonly endpoint: string;
  readonly bucket: string;
  readonly key?: string;
}

const CODES: ReadonlyArray<readonly [RegExp, ObjectStoreErrorCode]> = [
  [/^NoSuchBucket$/, 'no-bucket'],
  [/^(NoSuchKey|NotFound)$/, 'not-found'],
  [
    /^(AccessDenied|AccountProblem|AllAccessDisabled|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|TokenRefreshRequired|RequestTimeTooSkewed|CredentialsProviderError|Forbidden|Unauthorized)$/,
    'denied',
  ],
  [/^(BadDigest|InvalidDigest|XAmzContentChecksumMismatch|XAmzContentSHA256Mismatch)$/, 'checksum'],
  [/^(IncompleteBody|EntityTooLarge|EntityTooSmall|MissingContentLength)$/, 'size'],
  [
    /^(SlowDown|ServiceUnavailable|InternalError|RequestTimeout|TimeoutError|AbortError|Throttling.*)$/,
    'unreachable',
  ],
  [
    /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE|ERR_STREAM_PREMATURE_CLOSE|EPROTO|CERT_.*|DEPTH_ZERO.*|UNABLE_TO_.*|SELF_SIGNED.*)$/,
    'unreachable',
  ],
];

/** Turns whatever the AWS SDK throws into an `ObjectStoreError`: what, where, and how to fix it. */
export function explainS3Error(error: unknown, place: S3Place): ObjectStoreError {
  if (error instanceof ObjectStoreError) return error;
  const sdk = (error ?? {}) as SdkError;
  const code = codeOf(sdk);
  const said = sayOf(sdk);
  const at = `S3 at ${place.endpoint}`;
  const message: Record<ObjectStoreErrorCode, string> = {
    'not-found': `there is no object ${JSON.stringify(place.key)} in bucket "${place.bucket}" of ${at}`,
    'no-bucket': `${at} has no bucket "${place.bucket}"; create it or name another`,
    denied: `${at} does not allow this on bucket "${place.bucket}" (${said}); check the credentials and the bucket policy`,
    unreachable: `${at} gives no answer (${said}); check the endpoint and that it runs`,
    checksum: `bytes of ${JSON.stringify(place.key)} and their checksum do not agree on ${at} (${said})`,
    size: `${JSON.stringify(place.key)} has another size than announced on ${at} (${said})`,
    refused: `${at} refused (${said})`,
  };
  return new ObjectStoreError(code, message[code], { cause: error });
}

function codeOf(error: SdkError): ObjectStoreErrorCode {
  const inner = (error.errors ?? []).map((each) => each.code);
  // The SDK wraps errors of another realm, which keeps their text only.
  const [inText] = /\bE[A-Z]{4,}\b/.exec(error.message ?? '') ?? [];
  for (const name of [error.name, error.code, ...inner, inText]) {
    const known = CODES.find(([pattern]) => pattern.test(name ?? ''));
    if (known) return known[1];
  }
  // The SDK compares checksums of answers itself and throws a plain error.
  if (/checksum mismatch/i.test(error.message ?? '')) return 'checksum';
  if (/credential/i.test(error.name ?? '') || /could not load credentials/i.test(error.message ?? ''))
    return 'denied';
  const status = error.$metadata?.httpStatusCode ?? 0;
  if (status === 401 || status === 403) return 'denied';
  if (status === 404) return 'not-found';
  if (status === 429 || status >= 500) return 'unreachable';
  return 'refused';
}

/** An AggregateError (all addresses of a host refused) has no message of its own. */
function sayOf(error: SdkError): string {
  const parts = [error.name, error.code, error.message || error.errors?.map(sayOf).join(', ')];
  const seen = new Set(parts.filter((part): part is string => Boolean(part) && part !== 'Error'));
  const [line = ''] = [...seen].join(': ').split('\n');
  return line.replace('AWS SDK error wrapper for Error: ', '');
}
