import type { JsonObject } from '../object/api-object.js';
import { defineBuiltin } from './define-resource.js';
import type { Resource } from './resource.js';

const REVIEW = { verbs: ['create'] as const };
const ALLOWED = { allowed: true, reason: 'everyone may do everything here' };
const EVERYTHING = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };
const USER = { username: 'anyone', groups: ['system:masters', 'system:authenticated'] };

function review(
  group: string,
  plural: string,
  kind: string,
  namespaced: boolean,
  answer: (review: JsonObject) => JsonObject,
): Resource {
  return defineBuiltin(`authorization.${kind}`, { group, plural, kind, namespaced }, { ...REVIEW, answer });
}

/** Questions about who may do what. Nothing of them is stored. */
export const REVIEW_KINDS: readonly Resource[] = [
  review('authorization.k8s.io', 'selfsubjectaccessreviews', 'SelfSubjectAccessReview', false, (r) => ({
    ...r,
    status: ALLOWED,
  })),
  review('authorization.k8s.io', 'subjectaccessreviews', 'SubjectAccessReview', false, (r) => ({
    ...r,
    status: ALLOWED,
  })),
  review('authorization.k8s.io', 'selfsubjectrulesreviews', 'SelfSubjectRulesReview', false, (r) => ({
    ...r,
    status: {
      resourceRules: [EVERYTHING],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      incomplete: false,
    },
  })),
  review('authentication.k8s.io', 'selfsubjectreviews', 'SelfSubjectReview', false, (r) => ({
    ...r,
    status: { userInfo: USER },
  })),
];
