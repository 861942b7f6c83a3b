import { TokenType } from '@onbehalf/oauth-protocol';
import type { Rule } from '../extension-points.js';
import { deny } from '../verdict.js';

const ACCESS_TOKENS: readonly string[] = [TokenType.AccessToken, TokenType.Jwt];

/** Other tokens than access tokens are issued only where an edge says so. RFC 8693 §2.1, `requested_token_type`. */
export const requestedTypeRule: Rule = {
  name: 'requested-type',
  judge: ({ request, targets }) =>
    targets.every(({ edge }) => (edge?.issues ?? ACCESS_TOKENS).includes(request.requestedType))
      ? undefined
      : deny('invalid_request', 'requested_token_type is not issued for this target'),
};
