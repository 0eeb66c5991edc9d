import { existsSync, readFileSync } from 'node:fs';
import { type Right, rightOf } from './roles.js';

/** The part of an Event of audit.k8s.io/v1 that is read here. */
interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
  };
  readonly annotations?: Readonly<Record<string, string>>;
  readonly responseStatus?: { readonly code?: number };
}

export interface AuditedRequest {
  /** Component of the service account, such as `kv-index`. */
  readonly component: string;
  readonly right: Right;
  readonly isAllowed: boolean;
  readonly uri: string;
}

/** What the service accounts of a release asked about objects, from the audit log of a test cluster. */
export function readAuditLog(path: string | undefined, release: string): AuditedRequest[] {
  if (!path || !existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as AuditEvent)
    .flatMap(({ verb, requestURI: uri, user, objectRef, annotations, responseStatus }) => {
      const component = user.username.split(`:${release}-`)[1];
      if (!component || !objectRef?.resource) return [];
      const { apiGroup = '', resource, subresource } = objectRef;
      const isAllowed = annotations?.['authorization.k8s.io/decision'] === 'allow';
      // Whoever makes an object by applying it needs to be allowed to create it as well; its verb is `patch` in the log.
      const isMade = verb === 'patch' && responseStatus?.code === 201;
      return [verb, ...(isMade ? ['create'] : [])].map((each) => ({
        ...{ component, isAllowed, uri },
        right: rightOf(each, apiGroup, resource, subresource),
      }));
    });
}
