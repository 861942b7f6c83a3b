import type { AccessToken, Adapter, AdapterPayload, KoaContextWithOIDC } from 'oidc-provider';
import type { IssuedTokens } from '@onbehalf/authorization-ports';
import type { JWTPayload } from 'jose';
import { grantedOwnScopes } from './granted-scopes.js';
import { livingRecords } from './living-records.js';
import { readOwn, type OwnTokens } from './structured-tokens.js';

/** Where sessions and tokens are kept, and whose lives they belong to. */
export interface LoginTokenStore {
  readonly adapter?: Parameters<typeof livingRecords>[0];
  readonly lives: Parameters<typeof livingRecords>[1];
}

/** Where it is kept which access tokens come from a login with `openid`, by their `jti`. */
export function loginTokens({ adapter, lives }: LoginTokenStore): Adapter {
  return livingRecords(adapter, lives)('LoginToken');
}

/** Keeps what /userinfo needs to know of a token for a resource; nothing when the login was without `openid`. */
export async function keepLoginToken(
  ctx: KoaContextWithOIDC,
  records: Adapter,
  { jti, exp, token }: { readonly jti: string; readonly exp: number; readonly token: AccessToken },
): Promise<void> {
  const scopes = grantedOwnScopes(ctx);
  if (!scopes.includes('openid')) return;
  const { accountId, clientId, grantId, jkt, 'x5t#S256': certificate, sessionUid, expiresWithSession } = token;
  const iat = Math.floor(Date.now() / 1000);
  const members = { kind: 'AccessToken', accountId, clientId, grantId, jkt, 'x5t#S256': certificate };
  const session = { sessionUid, expiresWithSession };
  const payload = { ...members, ...session, jti, iat, exp, scope: scopes.join(' ') };
  // undefined members do not survive storing
  await records.upsert(jti, JSON.parse(JSON.stringify(payload)) as AdapterPayload, Math.max(exp - iat, 1));
}

/** @returns what is known of a token of this server that names the user alone and still counts, for /userinfo */
export function findLoginToken(own: OwnTokens, tokens: Pick<IssuedTokens, 'standing'>, records: Adapter) {
  return async (value: string): Promise<AdapterPayload | undefined> => {
    const claims = await readOwn(value, own);
    // whoever acts for a user is not the user
    if (claims?.jti === undefined || claims['act'] !== undefined) return undefined;
    const { known, revoked } = await tokens.standing(claims.jti);
    if (!known || revoked) return undefined;
    return (await records.find(claims.jti)) ?? withoutOpenid(claims);
  };
}

/** A token that does not come from a login with `openid`: it counts, and is not enough. RFC 6750 §3.1, insufficient_scope */
function withoutOpenid({ jti, exp, client_id: clientId }: JWTPayload): AdapterPayload {
  return { kind: 'AccessToken', jti, exp, clientId } as AdapterPayload;
}
