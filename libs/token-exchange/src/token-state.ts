import type { ExchangeState } from './extension-points.js';
import type { ExchangePolicy } from './policy.js';
import type { TokenState } from './stages.js';
import type { VerifiedToken } from './verified-token.js';

/** Where facts are found that are neither in the request nor in its tokens. */
export interface FactSources {
  /** The authorization server's own issuer identifier. */
  readonly issuer: string;
  readonly state: ExchangeState;
  readonly policy: ExchangePolicy;
  /** Issuers whose subjects are known here as `iss#sub`. */
  readonly foreignIssuers: readonly string[];
}

/** Gathers what may have changed since the token was issued. */
export async function readTokenState(token: VerifiedToken, sources: FactSources): Promise<TokenState> {
  const [revoked, unknown, account] = await Promise.all([
    isRevoked(token, sources),
    isUnknown(token, sources),
    sources.state.account(token.subject),
  ]);
  return { revoked, unknown, ...(account && { account }), party: partyOf(token, account?.enabled, sources) };
}

async function isRevoked({ issuer, jwtId }: VerifiedToken, { state }: FactSources): Promise<boolean> {
  return jwtId !== undefined && (await state.isRevoked(issuer, jwtId));
}

async function isUnknown(token: VerifiedToken, { issuer, state }: FactSources): Promise<boolean> {
  // ID tokens are not kept on record
  if (token.issuer !== issuer || token.audienceOf === 'client' || token.jwtId === undefined) return false;
  return state.isKnown !== undefined && !(await state.isKnown(token.jwtId));
}

function partyOf(token: VerifiedToken, accountEnabled: boolean | undefined, sources: FactSources): TokenState['party'] {
  // the subject of a client credentials token is the client itself, RFC 9068 §2.2
  const enabled = accountEnabled ?? sources.policy.client(token.subject)?.enabled ?? isForeign(token, sources);
  if (enabled === undefined) return 'absent';
  return enabled ? 'enabled' : 'disabled';
}

function isForeign({ subject, foreign }: VerifiedToken, { foreignIssuers }: FactSources): true | undefined {
  if (foreign) return true;
  return foreignIssuers.some((issuer) => subject.startsWith(`${issuer}#`)) || undefined;
}
