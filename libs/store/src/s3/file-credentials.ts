import { readFile } from 'node:fs/promises';
import { ObjectStoreError } from '@penstock/core/ports';

/** Credentials in the form the AWS SDK asks for; it asks again when they expire. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly expiration: Date;
}

/** Mounted Secrets change in place. */
const REREAD_MS = 300_000;

/**
 * Credentials from two files, as Kubernetes mounts a Secret.
 * @throws ObjectStoreError `denied`, naming the file that is missing, unreadable or empty
 */
export function fileCredentials(files: {
  readonly accessKeyIdFile: string;
  readonly secretAccessKeyFile: string;
}): () => Promise<S3Credentials> {
  return async () => {
    const [accessKeyId, secretAccessKey] = await Promise.all([
      readCredential(files.accessKeyIdFile),
      readCredential(files.secretAccessKeyFile),
    ]);
    return { accessKeyId, secretAccessKey, expiration: new Date(Date.now() + REREAD_MS) };
  };
}

async function readCredential(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new ObjectStoreError('denied', `the S3 credential file ${file} cannot be read (${cause.code})`, {
      cause,
    });
  });
  const credential = text.trim();
  if (credential === '') throw new ObjectStoreError('denied', `the S3 credential file ${file} is empty`);
  return credential;
}
