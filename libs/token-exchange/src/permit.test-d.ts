import type {
  Permit,
  TokenIssuer,
  VerifiedExchange,
  VerifiedToken,
  AuthenticatedClient,
  TokenExchange,
  Grant,
} from './index.js';
import type { TokenFacts } from './tokens/token-facts.js';

/** These lines are checked by the compiler alone: each must fail, and would be an error if it did not. */
export async function forgeries(
  grant: Grant,
  issuer: TokenIssuer,
  exchange: TokenExchange,
  verified: VerifiedExchange,
  facts: TokenFacts,
): Promise<void> {
  // @ts-expect-error a grant is no permit, whatever it holds: only decide() makes one
  const forged: Permit = { ...grant };
  // @ts-expect-error a permit cannot be written down either
  const written: Permit = { ...grant, decided: true };
  // @ts-expect-error issuing takes a permit and nothing else
  await issuer.issue(grant);
  // @ts-expect-error a verified exchange is not yet permitted
  await issuer.issue(verified);
  // @ts-expect-error what a token says is not verified by being said
  const token: VerifiedToken = { ...facts, scopes: [], actors: [], audienceOf: 'resource', authentication: {} };
  // @ts-expect-error a registration is no authenticated client
  const client: AuthenticatedClient = { clientId: 'a', enabled: true, confidential: true, represents: [] };
  // @ts-expect-error nobody exchanges unauthenticated
  await exchange.exchange(new URLSearchParams(), { clientId: 'a', enabled: true, confidential: true, represents: [] });
  // @ts-expect-error an impersonation has no actor
  if (verified.kind === 'impersonation') void verified.actor;
  // @ts-expect-error limits are read, not written
  grant.scopes = ['root'];
  void [forged, written, token, client];
}
