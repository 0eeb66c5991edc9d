import { ApiError, type Cause } from './api-error.js';

/** Which resource a refusal speaks of. */
export interface ResourceName {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

const qualified = (r: ResourceName): string => (r.group ? `${r.plural}.${r.group}` : r.plural);

/** The refusals of the Kubernetes API, worded as the real server words them. */
export const refuse = {
  notFound: (r: ResourceName, name: string) =>
    new ApiError(404, 'NotFound', `${qualified(r)} "${name}" not found`, {
      name,
      group: r.group,
      kind: r.plural,
    }),
  noSuchPath: () => new ApiError(404, 'NotFound', 'the server could not find the requested resource'),
  alreadyExists: (r: ResourceName, name: string) =>
    new ApiError(409, 'AlreadyExists', `${qualified(r)} "${name}" already exists`, {
      name,
      group: r.group,
      kind: r.plural,
    }),
  conflict: (r: ResourceName, name: string, why: string) =>
    new ApiError(409, 'Conflict', `Operation cannot be fulfilled on ${qualified(r)} "${name}": ${why}`, {
      name,
      group: r.group,
      kind: r.plural,
    }),
  stale: (r: ResourceName, name: string) =>
    refuse.conflict(
      r,
      name,
      'the object has been modified; please apply your changes to the latest version and try again',
    ),
  invalid: (r: ResourceName, name: string, causes: Cause[]) => {
    const lines = causes.map((c) => `${c.field}: ${c.message}`);
    const list = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
    return new ApiError(
      422,
      'Invalid',
      `${r.kind}${r.group ? `.${r.group}` : ''} "${name}" is invalid: ${list}`,
      { name, group: r.group, kind: r.kind, causes },
    );
  },
  /** The parameters of a request, which the real server names like an object. */
  invalidOptions: (
    kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions',
    cause: Cause,
  ) => refuse.invalid({ group: 'meta.k8s.io', plural: '', kind }, '', [cause]),
  badRequest: (why: string) => new ApiError(400, 'BadRequest', why),
  forbidden: (r: ResourceName, name: string, why: string, causes?: Cause[]) =>
    new ApiError(403, 'Forbidden', `${qualified(r)} "${name}" is forbidden: ${why}`, {
      name,
      group: r.group,
      kind: r.plural,
      causes,
    }),
  expired: (why: string, continueToken?: string) =>
    new ApiError(410, 'Expired', why, continueToken ? { continueToken } : {}),
  methodNotAllowed: () =>
    new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource'),
  notAcceptable: (accepted: string) =>
    new ApiError(406, 'NotAcceptable', `only the following media types are accepted: ${accepted}`),
  tooLarge: (limitBytes: number) =>
    new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limitBytes} bytes`),
  unsupportedMediaType: (supported: string) =>
    new ApiError(
      415,
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: ${supported}`,
    ),
  internal: (why: string) => new ApiError(500, 'InternalError', `Internal error occurred: ${why}`),
};
