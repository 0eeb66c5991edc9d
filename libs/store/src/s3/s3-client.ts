import { S3Client } from '@aws-sdk/client-s3';
import { fileCredentials } from './file-credentials.js';
import type { S3Options } from './s3-options.js';

/** The AWS SDK's client: checksums on, its own retries, bounded connections and waits. */
export function s3Client(options: S3Options): S3Client {
  const { endpoint, credentials, attempts = 3, connections = 32 } = options;
  const agent = { keepAlive: true, maxSockets: connections };
  return new S3Client({
    region: options.region ?? 'us-east-1',
    // A server that is not AWS rarely has a DNS name per bucket.
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(credentials === undefined ? {} : { credentials: fileCredentials(credentials) }),
    maxAttempts: attempts,
    // What it would print is in the errors it throws.
    logger: { trace: () => {}, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    requestChecksumCalculation: 'WHEN_SUPPORTED',
    responseChecksumValidation: 'WHEN_SUPPORTED',
    requestHandler: {
      connectionTimeout: options.connectTimeoutMs ?? 2000,
      socketTimeout: options.idleTimeoutMs ?? 10_000,
      httpAgent: agent,
      httpsAgent: agent,
      // Waiting for one of the connections is how the number of transfers is bounded; it is not a fault.
      socketAcquisitionWarningTimeout: 0x7fff_ffff,
    },
  });
}
