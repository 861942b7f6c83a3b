import type { ClientRegistration, ExchangePolicy } from '../policy/policy.js';
import type { ExchangeState } from './exchange-state.js';
import type { Account, TokenStanding } from './token-facts.js';
import type { TokenState } from './token-facts.js';
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
  const [standing, account] = await Promise.all([standingOf(token, sources), accountOf(token, sources)]);
  const client = account ? undefined : subjectClient(token, sources);
  return {
    revoked: standing.revoked,
    ...(standing.impersonation && { impersonation: standing.impersonation }),
    unknown: standing.known === false && isKept(token, sources),
    outlived: isOutlived(token, account, sources),
    ...(account && { account }),
    ...(client && { client }),
    party: partyOf(token, account ?? client, sources),
  };
}

async function standingOf({ issuer, jwtId }: VerifiedToken, { state }: FactSources): Promise<TokenStanding> {
  return jwtId === undefined ? { revoked: false } : state.token(issuer, jwtId);
}

// a party that is known as iss#sub has no account here, whatever accounts are called
async function accountOf({ subject, foreign }: VerifiedToken, { state }: FactSources): Promise<Account | undefined> {
  return foreign ? undefined : state.account(subject);
}

// this server's own tokens end with a life; an issuer that may speak for accounts here knows nothing of that
function isOutlived(token: VerifiedToken, account: Account | undefined, { issuer }: FactSources): boolean {
  if (account?.since === undefined || token.issuer === issuer) return false;
  const times = [token.issuedAt, token.authentication.auth_time].filter((time) => time !== undefined);
  // one that does not tell may be of any time
  return times.length === 0 || Math.min(...times) <= account.since;
}

// not every server keeps its ID tokens on record
function isKept(token: VerifiedToken, { issuer }: FactSources): boolean {
  return token.issuer === issuer && token.audienceOf !== 'client';
}

function partyOf(
  token: VerifiedToken,
  known: Account | ClientRegistration | undefined,
  sources: FactSources,
): TokenState['party'] {
  if (known) return known.enabled ? 'enabled' : 'disabled';
  return isForeign(token, sources) ? 'enabled' : 'absent';
}

// RFC 9068 §2.2: the subject of a client credentials token is the client itself; no other issuer may speak for a client
function subjectClient(token: VerifiedToken, { issuer, policy }: FactSources): ClientRegistration | undefined {
  return token.issuer === issuer ? policy.client(token.subject) : undefined;
}

// a foreign subject that was mapped to a local account must have one; this server's own tokens keep what they were made from
function isForeign({ issuer, subject, foreign }: VerifiedToken, sources: FactSources): boolean {
  if (issuer !== sources.issuer) return foreign !== undefined;
  return sources.foreignIssuers.some((other) => subject.startsWith(`${other}#`));
}
