import type { Rule } from '../decision/rule.js';
import { deny } from '../decision/verdict.js';
import { DEFAULT_TOKEN_TYPES } from '../policy/policy.js';

/** Other subject tokens than access tokens are taken only where an edge says so. RFC 8693 §2.1, `subject_token_type`. */
export const subjectTypeRule: Rule = {
  name: 'subject-type',
  // administrative edges take those that only name somebody, and no other edge takes these
  judge: ({ kind, request, targets }) =>
    kind === 'administrative' ||
    targets.every(({ edge }) => (edge?.subjectTypes ?? DEFAULT_TOKEN_TYPES).includes(request.subject.type))
      ? undefined
      : deny('invalid_request', 'subject_token_type is not accepted for this target'),
};

/** Other tokens than access tokens are issued only where an edge says so. RFC 8693 §2.1, `requested_token_type`. */
export const requestedTypeRule: Rule = {
  name: 'requested-type',
  judge: ({ request, targets }) =>
    targets.every(({ edge }) => (edge?.issues ?? DEFAULT_TOKEN_TYPES).includes(request.requestedType))
      ? undefined
      : deny('invalid_request', 'requested_token_type is not issued for this target'),
};
