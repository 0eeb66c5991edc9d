import { execFile } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Where the API server is; the first one given counts. */
export interface ClusterAddress {
  /** Base URL of an API without authentication: a dev cluster or `kubectl proxy`. */
  readonly url?: string;
  /** Path of a kubeconfig file. */
  readonly kubeconfig?: string;
  /** Context inside the kubeconfig; its current one when absent. */
  readonly context?: string;
}

/** Everything a request needs to be accepted. */
export interface Credentials {
  /** Base URL without a trailing slash. */
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  /** PEM texts and flags as `node:https` takes them; empty for plain HTTP. */
  readonly tls: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly servername?: string;
    readonly rejectUnauthorized?: boolean;
  };
}

const READER = fileURLToPath(new URL(`./kubeconfig-reader${extname(import.meta.url)}`, import.meta.url));
const READ_TIMEOUT_MS = 30_000;

/**
 * Finds the API server and what to show it: from the URL, the kubeconfig path, `KUBECONFIG`, or the service
 * account of the pod.
 *
 * The official client understands every way to authenticate, but holds 50 to 90 MB of generated models for as
 * long as the process lives. So it runs in a short-lived process of its own, which costs about 0.5 s.
 *
 * @throws Error that says what is wrong with the address or the kubeconfig
 */
export async function loadCredentials(address: ClusterAddress): Promise<Credentials> {
  if (address.url !== undefined) {
    return { server: new URL(address.url).toString().replace(/\/$/, ''), headers: {}, tls: {} };
  }
  const { kubeconfig, context } = address;
  const args = ['--no-warnings', READER, JSON.stringify({ kubeconfig, context })];
  try {
    const options = { timeout: READ_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 };
    const { stdout } = await promisify(execFile)(process.execPath, args, options);
    return JSON.parse(stdout) as Credentials;
  } catch (error) {
    // The reader says what is wrong in one line; a timeout or a crash has its own message.
    const { stderr, message } = error as { stderr?: string; message: string };
    const said = stderr?.trim() || message;
    throw new Error(`the credentials of the Kubernetes API cannot be read: ${said}`);
  }
}
