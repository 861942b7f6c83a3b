import type { default as Provider } from 'oidc-provider';
import type { HeldRefreshToken, RefreshTokens } from '../../ports/refresh-tokens.js';

/** The refresh tokens that the provider of the moment keeps. RFC 6749 §6 */
export class HeldRefreshTokens implements RefreshTokens {
  #provider: (() => Provider) | undefined;

  /** Has the tokens come from here; to be called once, when there is a provider. */
  keptBy(provider: () => Provider): void {
    this.#provider = provider;
  }

  async find(value: string): Promise<HeldRefreshToken | undefined> {
    const provider = this.#provider?.();
    const token = await provider?.RefreshToken.find(value);
    if (!provider || !token || token.consumed || token.accountId === undefined) return undefined;
    const grant = token.grantId === undefined ? undefined : await provider.Grant.find(token.grantId);
    const isWhole = grant && grant.clientId === token.clientId && grant.accountId === token.accountId;
    if (!isWhole || token.clientId === undefined) return undefined;
    const { jkt, 'x5t#S256': x5t } = token;
    return {
      subject: token.accountId,
      clientId: token.clientId,
      expiresAt: token.exp!,
      issuedAt: token.iat,
      scopes: [...token.scopes],
      grantId: grant.jti,
      ...(token.authTime !== undefined && { authTime: token.authTime }),
      ...(token.acr !== undefined && { acr: token.acr }),
      ...(token.amr !== undefined && { amr: token.amr }),
      confirmation: { ...(jkt !== undefined && { jkt }), ...(x5t !== undefined && { 'x5t#S256': x5t }) },
    };
  }
}
