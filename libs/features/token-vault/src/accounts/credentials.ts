import { SealBroken } from '@onbehalf/authorization-ports';
import type { ProviderTokens } from '../providers/provider.js';

/** An access token of a provider. */
export interface AccessToken {
  readonly token: string;
  /** What it is good for, without what was asked for to know whose it is. */
  readonly scopes: readonly string[];
  /** Seconds since the epoch; absent: it does not end by itself. */
  readonly expiresAt?: number | undefined;
}

/** What is kept sealed of a linked account: what decides about it stands here, beside what is shown of it. */
export interface Credentials {
  /** That of the row: what was sealed for another one is not of this row. */
  readonly generation: number;
  /** What the provider knows the account by. */
  readonly account: string;
  /** Everything that the user has consented to. */
  readonly scopes: readonly string[];
  /** The first is good for all scopes, others for fewer. */
  readonly tokens: readonly AccessToken[];
  readonly refreshToken?: string | undefined;
  /** Seconds since the epoch. */
  readonly refreshExpiresAt?: number | undefined;
}

/** Tokens for fewer scopes that are kept at most. */
const MOST_NARROWED = 8;

/**
 * What a row holds sealed.
 * @throws SealBroken when it was sealed for another state of the row
 */
export function openCredentials(row: {
  readonly credentials: string;
  readonly generation: number;
  readonly account: string;
}): Credentials {
  const credentials = JSON.parse(row.credentials) as Credentials;
  if (credentials.generation === row.generation && credentials.account === row.account) return credentials;
  throw new SealBroken('The credentials are of another state of the linked account');
}

/** The credentials after a refresh for all scopes. */
export function refreshed(before: Credentials, tokens: ProviderTokens, scopes: readonly string[]): Credentials {
  return { ...renewed(before, tokens), tokens: [toToken(tokens, scopes)] };
}

/** The credentials after a refresh for fewer scopes, whose token stands beside the others. */
export function narrowed(
  before: Credentials,
  tokens: ProviderTokens,
  scopes: readonly string[],
  now: number,
): Credentials {
  const [whole, ...others] = before.tokens;
  const kept = others.filter((other) => !isSame(other.scopes, scopes) && (other.expiresAt ?? Infinity) > now);
  const all = [whole!, toToken(tokens, scopes), ...kept];
  return { ...renewed(before, tokens), tokens: all.slice(0, MOST_NARROWED + 1) };
}

/** The credentials after a refresh whose access token is of no use. */
export function renewed(before: Credentials, { refreshToken, refreshExpiresAt }: ProviderTokens): Credentials {
  const { generation, ...same } = before;
  return {
    ...same,
    generation: generation + 1,
    // RFC 6749 §6: where no new one comes, the one before goes on
    ...(refreshToken !== undefined && { refreshToken, refreshExpiresAt }),
  };
}

function toToken({ accessToken, expiresAt }: ProviderTokens, scopes: readonly string[]): AccessToken {
  return { token: accessToken, scopes, expiresAt };
}

/** Whether two lists hold the same scopes. */
export function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((scope) => other.includes(scope));
}
