import { isLoopbackUrl, type Clock } from '@onbehalf/oauth-protocol';
import * as oauth from 'oauth4webapi';
import { ProviderRefused, ProviderUnavailable } from './provider-errors.js';
import { askProvider } from './provider-http.js';
import { endedByStandard, type ProviderAccount, type ProviderAnswer } from './provider-profile.js';
import { ProviderServer, toResponse } from './provider-server.js';
import type { ConsentRequest, Provider, ProviderTokens } from './provider.js';

/** Asks one provider, as its client. */
export class ProviderClient {
  readonly provider: Provider;
  readonly #server: ProviderServer;
  readonly #client: oauth.Client;
  readonly #clock: Clock;

  constructor(provider: Provider, clock: Clock) {
    this.provider = provider;
    this.#server = new ProviderServer(provider);
    this.#client = { client_id: provider.clientId };
    this.#clock = clock;
  }

  /** Where the browser is sent, to consent. RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1 */
  async consentUrl({ redirectUri, scopes, state, nonce, codeVerifier }: ConsentRequest): Promise<string> {
    const { profile, clientId } = this.provider;
    const { authorization_endpoint: endpoint } = await this.#server.metadata();
    const { parameter, separator } = profile.scopes ?? { parameter: 'scope', separator: ' ' };
    const url = new URL(endpoint!);
    const parameters = {
      ...profile.authorizationParameters,
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      [parameter]: [...new Set([...profile.identityScopes, ...scopes])].join(separator),
      state,
      ...(profile.issuer !== undefined && { nonce }),
      ...(profile.pkce && {
        code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
      }),
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url.href;
  }

  /**
   * Redeems what the browser has brought back. RFC 6749 §4.1.3, RFC 9207 §2.4
   * @throws ProviderRefused when the answer is an error, is another provider's, or does not prove who has consented
   * @throws ProviderUnavailable
   */
  async redeem(
    parameters: URLSearchParams,
    { redirectUri, state, nonce, codeVerifier }: ConsentRequest,
  ): Promise<{ readonly account: ProviderAccount; readonly tokens: ProviderTokens }> {
    const server = await this.#server.metadata();
    const { profile } = this.provider;
    try {
      const checked = oauth.validateAuthResponse(server, this.#client, parameters, state);
      const verifier = profile.pkce ? codeVerifier : oauth.nopkce;
      const told: { body?: ProviderAnswer['body'] } = {};
      const request = [server, this.#client, this.#authentication(), checked, redirectUri, verifier] as const;
      const response = await oauth.authorizationCodeGrantRequest(...request, this.#http(server, told));
      const isOpenId = profile.issuer !== undefined;
      const expected = isOpenId ? { expectedNonce: nonce, requireIdToken: true } : {};
      const answer = await oauth.processAuthorizationCodeResponse(server, this.#client, response, expected);
      const tokens = this.#toTokens(answer);
      return { account: await this.#accountOf(server, answer, told.body ?? {}), tokens };
    } catch (error) {
      throw this.#toError(error);
    }
  }

  /**
   * Asks for a fresh access token. RFC 6749 §6
   * @param scopes fewer than the account has; absent: all of them
   * @param account of which the answer must be, where it says so
   */
  async refresh(refreshToken: string, account: string, scopes?: readonly string[]): Promise<ProviderTokens> {
    const server = await this.#server.metadata();
    const { identityScopes } = this.provider.profile;
    const additionalParameters = scopes && { scope: [...identityScopes, ...scopes].join(' ') };
    try {
      const options = { ...this.#http(server), ...(additionalParameters && { additionalParameters }) };
      const request = [server, this.#client, this.#authentication(), refreshToken] as const;
      const response = await oauth.refreshTokenGrantRequest(...request, options);
      const answer = await oauth.processRefreshTokenResponse(server, this.#client, response);
      const { sub = account } = oauth.getValidatedIdTokenClaims(answer) ?? {};
      if (sub !== account) throw new ProviderRefused(this.provider.name, 'another_account');
      return this.#toTokens(answer);
    } catch (error) {
      throw this.#toError(error);
    }
  }

  /**
   * Ends what the user has consented to. RFC 7009
   * @returns whether the provider has said that it did; never throws
   */
  async revoke(tokens: Pick<ProviderTokens, 'accessToken' | 'refreshToken'>): Promise<boolean> {
    const { profile, name, clientId, clientSecret = '' } = this.provider;
    try {
      const server = await this.#server.metadata();
      if (server.revocation_endpoint === undefined) return false;
      const url = server.revocation_endpoint.replace('{client_id}', encodeURIComponent(clientId));
      const call = profile.revoke?.({ id: clientId, secret: clientSecret }, tokens.accessToken);
      if (call) return call.succeeded(await askProvider(name, url, call.init));
      // RFC 7009 §2.1: with the refresh token end the access tokens of the same grant
      const { accessToken, refreshToken = accessToken } = tokens;
      const request = [server, this.#client, this.#authentication(), refreshToken] as const;
      const { status } = await oauth.revocationRequest(...request, this.#http(server));
      return status === 200;
    } catch {
      return false;
    }
  }

  #authentication(): oauth.ClientAuth {
    const { profile, clientSecret } = this.provider;
    if (profile.authentication === 'none') return oauth.None();
    const secret = clientSecret!;
    return profile.authentication === 'client_secret_post'
      ? oauth.ClientSecretPost(secret)
      : oauth.ClientSecretBasic(secret);
  }

  #http(server: oauth.AuthorizationServer, told: { body?: ProviderAnswer['body'] } = {}) {
    const { name, profile } = this.provider;
    return {
      [oauth.allowInsecureRequests]: this.provider.allowInsecureHttp || isLoopbackUrl(server.token_endpoint!),
      [oauth.customFetch]: async (url: string, init: oauth.CustomFetchOptions<'POST', URLSearchParams>) => {
        const { method, headers, body } = init;
        const answer = await askProvider(name, url, { method, headers, body });
        const adapted = profile.adapt?.(answer) ?? answer;
        told.body = adapted.body;
        // of whom no issuer is known, nobody can check an ID token
        const { id_token, ...others } = adapted.body;
        const told_ =
          profile.issuer === undefined ? others : { ...others, ...(id_token !== undefined && { id_token }) };
        return toResponse({ status: adapted.status, body: told_ });
      },
    };
  }

  async #accountOf(
    server: oauth.AuthorizationServer,
    answer: oauth.TokenEndpointResponse,
    body: ProviderAnswer['body'],
  ): Promise<ProviderAccount> {
    const { name, profile } = this.provider;
    const claims = oauth.getValidatedIdTokenClaims(answer);
    if (claims) {
      const label = [claims['email'], claims['preferred_username'], claims['name']].find(isText);
      return { id: claims.sub, label: label ?? claims.sub };
    }
    const told = profile.accountOf?.(body) ?? (await this.#userinfo(server.userinfo_endpoint, answer.access_token));
    if (!told) throw new ProviderRefused(name, 'unknown_account');
    return told;
  }

  async #userinfo(url: string | undefined, accessToken: string): Promise<ProviderAccount | undefined> {
    const { name, profile } = this.provider;
    if (url === undefined || !profile.userinfo) return undefined;
    const headers = { authorization: `Bearer ${accessToken}` };
    const { status, body } = await askProvider(name, url, { headers });
    const [id, label] = [body[profile.userinfo.id], body[profile.userinfo.label]];
    const isId = isText(id) || Number.isSafeInteger(id);
    return status === 200 && isId ? { id: String(id), label: isText(label) ? label : String(id) } : undefined;
  }

  #toTokens(answer: oauth.TokenEndpointResponse): ProviderTokens {
    const now = this.#clock();
    const { access_token: accessToken, expires_in: seconds, refresh_token: refreshToken, scope, token_type } = answer;
    // what is bound to a key is of no use to whoever it is handed to. RFC 6749 §7.1
    if (token_type !== 'bearer') throw new ProviderRefused(this.provider.name, 'unsupported_token_type');
    const refreshSeconds = answer['refresh_token_expires_in'];
    return {
      accessToken,
      ...(seconds !== undefined && { expiresAt: Math.floor(now + seconds) }),
      ...(isText(scope) && { scopes: [...new Set(scope.split(/[ ,]+/).filter(Boolean))] }),
      ...(isText(refreshToken) && { refreshToken }),
      ...(typeof refreshSeconds === 'number' && { refreshExpiresAt: Math.floor(now + refreshSeconds) }),
    };
  }

  #toError(error: unknown): Error {
    const { name, profile } = this.provider;
    if (error instanceof ProviderRefused || error instanceof ProviderUnavailable) return error;
    if (error instanceof oauth.ResponseBodyError) {
      const { error: code, error_description: description = '' } = error;
      const ended = profile.ended ? profile.ended(code, description) : endedByStandard(code);
      return new ProviderRefused(name, printable(code), ended);
    }
    if (error instanceof oauth.AuthorizationResponseError) return new ProviderRefused(name, printable(error.error));
    // what does not conform may hold what it is: only its kind is told
    const { code = 'invalid_answer' } = error as { code?: string };
    return new ProviderRefused(name, printable(code));
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** RFC 6749 §5.2: what an error code may consist of. */
function printable(code: string): string {
  return /^[\w.-]{1,64}$/.test(code) ? code : 'unknown_error';
}
