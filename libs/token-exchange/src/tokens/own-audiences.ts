import type { ClientRegistration } from '../policy/policy.js';
import type { VerifiedToken } from './verified-token.js';

/** The audiences of a token that this client may speak for: those it represents, or itself where the token speaks to its client. */
export function ownAudiences(token: VerifiedToken, client: ClientRegistration): readonly string[] {
  const own = token.audienceOf === 'client' ? [client.clientId] : client.represents;
  return token.audiences.filter((audience) => own.includes(audience));
}
