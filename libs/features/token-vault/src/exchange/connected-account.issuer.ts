import type { FeatureParts } from '@onbehalf/authorization-server';
import { formatActClaim, OAuthError, TokenType } from '@onbehalf/oauth-protocol';
import {
  toIssuedToken,
  type Admission,
  type Claim,
  type IssuedToken,
  type Permit,
  type TokenIssuer,
  type VerifiedExchange,
} from '@onbehalf/token-exchange';
import { InteractionNeeded, type FreshToken, type FreshTokens } from '../accounts/fresh-tokens.js';
import { isSame } from '../accounts/credentials.js';
import type { LinkedAccounts } from '../accounts/linked-accounts.js';
import { NotNarrowed } from '../accounts/refresh.js';
import { PATH } from '../linking/paths.js';
import type { ProviderClient } from '../providers/provider-client.js';
import { ProviderUnavailable } from '../providers/provider-errors.js';
import { ofEdge, type TokenVaultSettings } from '../token-vault.schema.js';

export interface ConnectedAccountIssuerOptions {
  readonly parts: Pick<FeatureParts<TokenVaultSettings>, 'own' | 'randomId' | 'lifeOf'>;
  readonly accounts: LinkedAccounts;
  readonly tokens: FreshTokens;
  readonly clientOf: (provider: string) => ProviderClient | undefined;
}

/**
 * Hands out access tokens of third parties at which the subject has linked an account. The token is found before anything is used
 * up, and it is the provider's own: who acts stands in the answer beside it, and in the record.
 */
export class ConnectedAccountIssuer implements TokenIssuer, Admission {
  readonly name = 'linked-account';
  readonly types = [TokenType.ConnectedAccount];
  readonly issuesFor = 'third_party';
  readonly #options: ConnectedAccountIssuerOptions;
  readonly #found = new WeakMap<Permit, FreshToken>();

  constructor(options: ConnectedAccountIssuerOptions) {
    this.#options = options;
  }

  async admit(permit: Permit, exchange: VerifiedExchange): Promise<Claim | undefined> {
    if (permit.requestedType !== TokenType.ConnectedAccount) return undefined;
    try {
      const token = await this.#find(permit, exchange);
      this.#found.set(permit, token);
      return {
        release: () => Promise.resolve(),
        settle: () => this.#options.accounts.noteUse(token.row),
      };
    } catch (error) {
      throw this.#toRefusal(error, permit);
    }
  }

  issue(permit: Permit): Promise<IssuedToken> {
    const found = this.#found.get(permit);
    if (!found) throw new TypeError('No token was found for the permit');
    const { token, scopes, expiresAt, row } = found;
    const act = formatActClaim(permit.actors);
    const members = { ...(act && { act }), linked_account: row.id };
    const jwtId = this.#options.parts.randomId();
    // it may live on at the provider: told is how long it may be used before it is asked for again
    return Promise.resolve(toIssuedToken(permit, { token, jwtId, tokenType: 'Bearer', scopes, expiresAt, members }));
  }

  async #find(permit: Permit, exchange: VerifiedExchange): Promise<FreshToken> {
    const { subject, targets, scopes } = permit;
    const [{ resource, edge } = { resource: undefined, edge: undefined }] = targets;
    const provider = resource && this.#options.clientOf(resource.audience)?.provider;
    if (!provider) throw new OAuthError('invalid_target', 'No accounts are linked at this target');
    const life = this.#options.parts.lifeOf('user', subject);
    if (life === undefined) throw new InteractionNeeded('the subject leads no life here');
    const isNamed = exchange.request.scopes !== undefined;
    return this.#options.tokens.find({ subject, life, provider: provider.name }, provider, (linked) => {
      const wanted = isNamed ? scopes : scopes.filter((scope) => linked.includes(scope));
      const missing = wanted.filter((scope) => !linked.includes(scope));
      if (wanted.length === 0 || missing.length > 0) {
        throw new InteractionNeeded(
          `the linked account is not for ${(missing.length > 0 ? missing : scopes).join(' ')}`,
        );
      }
      if (isSame(wanted, linked) || ofEdge(edge).acceptsWider) return linked;
      if (!provider.profile.narrows) throw new NotNarrowed(provider.name);
      return wanted;
    });
  }

  #toRefusal(error: unknown, { audiences, scopes }: Permit): unknown {
    if (error instanceof InteractionNeeded) {
      const query = new URLSearchParams({ provider: audiences[0] ?? '', scope: scopes.join(' ') });
      const parameters = { interaction_uri: `${this.#options.parts.own.issuer}${PATH}?${query}` };
      return new OAuthError('interaction_required', 'The user has to link an account', {
        reason: error.reason,
        parameters,
      });
    }
    if (error instanceof NotNarrowed) {
      return new OAuthError('invalid_scope', 'The provider gives no token for no more than these scopes');
    }
    if (!(error instanceof ProviderUnavailable)) return error;
    const detail = { reason: error.message, cause: error };
    return new OAuthError('temporarily_unavailable', 'The provider cannot be asked for now', detail);
  }
}
