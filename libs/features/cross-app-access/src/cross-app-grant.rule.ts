import { emailOf, type FeatureParts } from '@onbehalf/authorization-server';
import { normalizeUri, TokenType } from '@onbehalf/oauth-protocol';
import { deny, tellsEmail, type Denial, type Rule, type VerifiedExchange } from '@onbehalf/token-exchange';
import type { CrossAppGrant } from './cross-app-access.schema.js';
import { crossAppGrantOf } from './cross-app-grant.js';

const DESCRIPTION = 'The client may not reach this target for this subject';

/**
 * An ID-JAG is issued where an administrator has said so: for these users, to these resources. RFC 8693 §2.2.2: unwilling to issue
 * a token for the target
 */
export function crossAppGrantRule({ config }: Pick<FeatureParts<unknown>, 'config'>): Rule {
  return {
    name: 'cross-app-grant',
    parameters: [{ name: 'authorization_details', maxLength: 8192 }],
    judge(exchange) {
      const { request, targets, subject } = exchange;
      if (request.parameters['authorization_details'] !== undefined) {
        return deny('invalid_authorization_details', 'authorization_details are not supported');
      }
      if (request.requestedType !== TokenType.IdJag) return undefined;
      const grant = crossAppGrantOf(targets[0]?.edge);
      if (!grant) return deny('invalid_target', DESCRIPTION, { reason: 'the edge is no cross-app grant' });
      if (tellsEmail(grant) && emailOf(config().users, subject.subject) === undefined) {
        return deny('invalid_target', DESCRIPTION, { reason: 'the subject has no e-mail address' });
      }
      return judgeGrant(grant, exchange);
    },
  };
}

function judgeGrant({ users, resources }: CrossAppGrant, { subject, request }: VerifiedExchange): Denial | undefined {
  if (users !== 'all' && !users.includes(subject.subject)) {
    return deny('invalid_target', DESCRIPTION, { reason: `the cross-app grant is not for ${subject.subject}` });
  }
  const allowed = resources.map(normalizeUri);
  const others = request.resources.filter((uri) => !allowed.includes(normalizeUri(uri)));
  return others.length === 0
    ? undefined
    : deny('invalid_target', DESCRIPTION, { reason: `the cross-app grant is not for ${others.join(', ')}` });
}
