import { ClusterError, type ClusterErrorReason } from '@penstock/core/ports';

/** The parts of `metav1.Status` that explain a refusal. */
interface Status {
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

const REASONS: Readonly<Record<number, ClusterErrorReason>> = {
  401: 'forbidden',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  410: 'gone',
  429: 'throttled',
};

/**
 * A refusal of the API server as a ClusterError.
 *
 * @param what `PATCH /api/v1/…`, for the message
 * @param body the answer's text: a `metav1.Status`, or whatever a proxy said
 * @param retryAfter value of the Retry-After header: seconds, or an HTTP date
 */
export function apiError(what: string, status: number, body: string, retryAfter?: string): ClusterError {
  const parsed = parseStatus(body);
  const reason = parsed.reason === 'AlreadyExists' ? 'already-exists' : reasonOf(status);
  const said = parsed.message ?? body.slice(0, 300);
  const hint =
    status === 401 || status === 403 ? '; check the credentials and the RBAC rules of this service' : '';
  return new ClusterError(
    reason,
    `${what} was answered ${status}${parsed.reason === undefined ? '' : ` ${parsed.reason}`}: ${said}${hint}`,
    status,
    retryAfterMs(retryAfter) ?? secondsToMs(parsed.details?.retryAfterSeconds),
  );
}

/** A request without an answer (refused, reset, timed out, unusable kubeconfig) as a ClusterError. */
export function noAnswer(what: string, error: unknown): ClusterError {
  const causes: string[] = [];
  // fetch says "fetch failed" and keeps what went wrong in the cause.
  let cause = error as { message?: string; code?: string; cause?: unknown } | undefined;
  while (typeof cause === 'object' && cause !== null && causes.length < 3) {
    const text = cause.message || cause.code;
    if (text !== undefined && !causes.includes(text)) causes.push(text);
    cause = cause.cause as typeof cause;
  }
  return new ClusterError(
    'unavailable',
    `${what} got no answer (${causes.join(': ') || String(error)}): check that the Kubernetes API is running and that its address is right`,
    0,
  );
}

function reasonOf(status: number): ClusterErrorReason {
  return REASONS[status] ?? (status >= 500 ? 'unavailable' : 'invalid');
}

function parseStatus(body: string): Status {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Status) : {};
  } catch {
    return {};
  }
}

function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return secondsToMs(seconds);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

function secondsToMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.max(0, seconds * 1000);
}
