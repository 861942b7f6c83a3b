import { TokenType } from '@onbehalf/oauth-protocol';
import type { Clocks } from '../cache/expiry.js';
import type { DpopProofs } from '../dpop/dpop-proofs.js';
import { CircuitBreaker, DEFAULT_BREAKER } from '../exchange/circuit-breaker.js';
import { createTokenEndpoint } from '../exchange/create-token-endpoint.js';
import { OutageLog } from '../exchange/outage-log.js';
import { TokenRequester } from '../exchange/token-requester.js';
import type { ExchangedToken } from '../tokens/exchanged-token.js';
import { ExchangeRefused, ExchangeUnavailable } from '../tokens/exchange-errors.js';
import { asScopes, asSet, type TokenRequest, type TokenTarget } from '../tokens/token-request.js';
import { GRANT_TYPES_OF, type Across } from './across.js';
import { assertionGrant } from './assertion-grant.js';

/** What says who the user is, and may become an ID-JAG. ID-JAG draft -04 §4.3 */
const ASSERTIONS: readonly string[] = [TokenType.IdToken, TokenType.RefreshToken, TokenType.Saml2];

/** What both domains are asked with. */
export interface OtherDomainParts {
  readonly dpop: DpopProofs | undefined;
  readonly clocks: Clocks;
  /** Milliseconds that a request at one of the two servers may take, its second attempt included. */
  readonly timeout: number;
  readonly allowInsecureHttp: boolean | undefined;
}

/**
 * The authorization server of another domain, which gives its access tokens for grants of the own one. It is sent those grants and
 * the credentials that this service has there; nothing else of this domain.
 */
export class OtherDomain {
  /** What is asked for: of the own server for a user, and of this one for the service itself. */
  readonly targets: { readonly user: TokenTarget; readonly service: TokenTarget };
  /** What can change the tokens of this domain, beside what the own server is asked for. */
  readonly identity: readonly (string | readonly string[])[];
  readonly issuer: string;
  readonly #across: Across;
  readonly #requester: TokenRequester;

  constructor(across: Across, { dpop, clocks, timeout, allowInsecureHttp }: OtherDomainParts) {
    const { kind, audience, resource, scope, clientAuthentication, tokenEndpoint } = across;
    this.#across = across;
    this.issuer = audience;
    const own = { audiences: [], resources: asSet(resource), scopes: asScopes(scope), parameters: {} };
    // a grant by chaining is for the server alone, which is told the resource when it is redeemed
    const resources = kind === 'id-jag' ? own.resources : [];
    const user = { ...own, audiences: [audience], resources, requestedType: GRANT_TYPES_OF[kind] };
    this.targets = { user, service: own };
    const { clientId, method } = clientAuthentication;
    const certificate = clientAuthentication.method === 'tls_client_auth' ? [clientAuthentication.certificate] : [];
    this.identity = [kind, audience, tokenEndpoint ?? '', clientId, method, certificate, own.resources];
    const options = { issuer: audience, tokenEndpoint, clientAuthentication, allowInsecureHttp };
    const { endpoint } = createTokenEndpoint(options, { preset: assertionGrant, dpop, clocks });
    this.#requester = new TokenRequester({
      endpoint,
      breaker: new CircuitBreaker({ ...DEFAULT_BREAKER, monotonic: clocks.monotonic }),
      outages: new OutageLog(`The token endpoint of ${audience}`),
      timeout,
    });
  }

  /** What cannot be done with this subject, in one phrase; `undefined` when it can. */
  unsupported({ subject }: TokenRequest): string | undefined {
    if (this.#across.kind !== 'id-jag' || !subject || ASSERTIONS.includes(subject.type)) return undefined;
    return 'An ID-JAG is for an ID token, a refresh token or a SAML assertion: hand it over by onBehalfOf({ token, type }, work)';
  }

  /**
   * An access token of this domain. A grant that it does not take is made anew once: it may have expired on the way, or an attempt
   * whose answer was lost may have used it up. Not from a SAML assertion: it is taken once itself.
   * @param giveGrant asks the own server, with this request
   * @throws ExchangeRefused, ExchangeUnavailable of either server
   */
  async obtain(
    { subject }: TokenRequest,
    giveGrant: () => Promise<ExchangedToken>,
    signal: AbortSignal,
  ): Promise<ExchangedToken> {
    try {
      return await this.#redeem(await this.#grant(giveGrant), signal);
    } catch (error) {
      const isUsedUp = error instanceof ExchangeRefused && error.domain && error.error === 'invalid_grant';
      if (!isUsedUp || subject?.type === TokenType.Saml2) throw error;
      return this.#redeem(await this.#grant(giveGrant), signal);
    }
  }

  /** A token that this service has there for itself, by client credentials. RFC 6749 §4.4 */
  ownToken(request: TokenRequest, signal: AbortSignal): Promise<ExchangedToken> {
    return this.#ask(request, signal);
  }

  async #grant(giveGrant: () => Promise<ExchangedToken>): Promise<ExchangedToken> {
    try {
      const grant = await giveGrant();
      this.#checkGrant(grant);
      return grant;
    } catch (error) {
      throw error instanceof ExchangeRefused ? ofOwnServer(error) : error;
    }
  }

  // a server that does not know what it was asked for answers with an access token of its own, which must stay at home
  #checkGrant(grant: ExchangedToken): void {
    const { kind, audience } = this.#across;
    const [first, ...others] = [grant.claims()?.aud].flat();
    const isGrant = grant.tokenType === 'N_A' && grant.issuedTokenType === GRANT_TYPES_OF[kind];
    if (isGrant && first === audience && others.length === 0) return;
    throw new ExchangeUnavailable('malformed', `The authorization server has issued no grant for ${audience} alone`);
  }

  async #redeem(grant: ExchangedToken, signal: AbortSignal): Promise<ExchangedToken> {
    const { kind } = this.#across;
    const { service: own } = this.targets;
    const request = {
      ...own,
      subject: { token: grant.token, type: GRANT_TYPES_OF[kind] },
      // an ID-JAG names them
      resources: kind === 'id-jag' ? [] : own.resources,
      scopes: asScopes(grant.scopes ?? own.scopes),
    };
    const token = await this.#ask(request, signal);
    if (token.tokenType === 'N_A' || token.token === grant.token) {
      throw this.#told(new ExchangeUnavailable('malformed', 'The token endpoint has answered without an access token'));
    }
    return token;
  }

  async #ask(request: TokenRequest, signal: AbortSignal): Promise<ExchangedToken> {
    try {
      return await this.#requester.request(request, signal);
    } catch (error) {
      throw this.#told(error);
    }
  }

  /** The error, with the domain that it is about. */
  #told(error: unknown): unknown {
    const { audience } = this.#across;
    if (error instanceof ExchangeUnavailable) {
      return new ExchangeUnavailable(error.reason, `${audience}: ${error.message}`, error.retryAfter);
    }
    if (!(error instanceof ExchangeRefused)) return error;
    const { setting } = error;
    return new ExchangeRefused({ ...error, domain: audience, setting: setting && `across.${setting}` });
  }
}

function ofOwnServer(error: ExchangeRefused): ExchangeRefused {
  // RFC 8693 §2.2.2: it is unwilling, because an administrator has not allowed it
  if (error.error === 'invalid_target') return new ExchangeRefused({ ...error, about: 'access', setting: undefined });
  const { setting } = error;
  const isOfMember = setting !== undefined && /^(?:audience|scope)/.test(setting);
  return isOfMember ? new ExchangeRefused({ ...error, setting: `across.${setting}` }) : error;
}
