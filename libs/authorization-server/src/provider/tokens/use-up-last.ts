import { GrantType, systemClock } from '@onbehalf/oauth-protocol';
import { Provider, type KoaContextWithOIDC } from 'oidc-provider';
import { wrapGrantHandler, type GrantHandler } from '../seam/provider-seam.js';
import { revokeGrant } from '../seam/request-seam.js';

export interface SingleUse {
  /** Has to resolve before anything is issued for a code or refresh token. */
  readonly check: () => Promise<void>;
  /** Seconds after its first use for which a refresh token is answered again; 0 for none. */
  readonly refreshGrace: number;
}

type Used = InstanceType<Provider['AuthorizationCode']> | InstanceType<Provider['RefreshToken']>;
type RefreshToken = InstanceType<Provider['RefreshToken']>;
type FindRefreshToken = (...asked: Parameters<Provider['RefreshToken']['find']>) => Promise<RefreshToken | undefined>;

/** What each request uses up once it is answered. */
const used = new WeakMap<KoaContextWithOIDC, { readonly token: Used; readonly consume: () => Promise<void> }>();

/**
 * Uses codes and refresh tokens up last, when nothing can refuse the request any more: whoever has to send one again, after a
 * mistake in the request or an outage, would be taken for a thief. A second use ends the grant, also one at the same time:
 * either may be the thief's. RFC 6749 §4.1.2, RFC 9700 §4.14.2
 */
export function useUpLast(provider: Provider, { check, refreshGrace }: SingleUse): void {
  for (const { prototype } of [provider.AuthorizationCode, provider.RefreshToken]) {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own token below
    const { consume } = prototype;
    prototype.consume = async function (this: Used): Promise<void> {
      await check();
      used.set(Provider.ctx!, { token: this, consume: () => consume.call(this) });
    };
  }
  const isForgiven = forgiveRepetition(provider, refreshGrace);
  for (const grantType of [GrantType.AuthorizationCode, GrantType.RefreshToken]) {
    wrapGrantHandler(provider, grantType, (handle) => (ctx) => answerAndUseUp(ctx, handle, isForgiven));
  }
}

/**
 * Lets the token endpoint answer a refresh token that is used again within the grace.
 * @returns tells whether a token was used again so
 */
function forgiveRepetition(provider: Provider, grace: number): (token: Used) => Promise<boolean> {
  const isInGrace = (token: { readonly consumed?: unknown } | undefined): boolean =>
    grace > 0 && typeof token?.consumed === 'number' && systemClock() - token.consumed <= grace;
  const model = provider.RefreshToken as unknown as { find: FindRefreshToken };
  const find = model.find.bind(model);
  model.find = async (...asked) => {
    const token = await find(...asked);
    // introspection finds it used up all the same
    if (token && isInGrace(token) && Provider.ctx?.oidc.route === 'token') token.consumed = undefined;
    return token;
  };
  return async ({ jti }) => isInGrace((await provider.RefreshToken.adapter.find(jti)) ?? undefined);
}

async function answerAndUseUp(
  ctx: KoaContextWithOIDC,
  handle: GrantHandler,
  isForgiven: (token: Used) => Promise<boolean>,
): Promise<void> {
  try {
    await handle(ctx);
  } catch (error) {
    await destroySuccessor(ctx);
    throw error;
  }
  const { token, consume } = used.get(ctx)!;
  try {
    await consume();
  } catch (error) {
    if ((error as { error?: unknown }).error !== 'invalid_grant') throw error;
    if (await isForgiven(token)) return;
    await revokeGrant(ctx, token.grantId);
    throw error;
  }
}

/** The refresh token that would have gone out with the answer. */
async function destroySuccessor(ctx: KoaContextWithOIDC): Promise<void> {
  const { RefreshToken: token } = ctx.oidc.entities;
  if (used.has(ctx) && token?.jti && token !== used.get(ctx)?.token) await token.destroy().catch(() => undefined);
}
