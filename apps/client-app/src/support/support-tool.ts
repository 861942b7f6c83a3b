import { Injectable } from '@nestjs/common';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import type { Request, Response } from 'express';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientSecretBasic,
  Configuration,
  customFetch,
  genericGrantRequest,
  ResponseBodyError,
  tokenRevocation,
} from 'openid-client';
import { AuthorizationServer } from '../authorization-server/authorization-server.js';
import { explain } from '../login/oauth-failure.js';
import { PendingLogins } from '../login/pending-logins.js';
import { PageError } from '../pages/page-error.js';
import { Settings } from '../settings.js';
import type { UsedAccount, WantedAccount } from './support-session.js';

/** A client of its own: the application of the customers can have no token of an engineer. */
const CLIENT_ID = 'lab-support';
export const SUPPORT_CALLBACK = '/support/callback';
/** The engineer of the demo. */
export const DEMO_ENGINEER = 'support';

/** Uses the account of a customer on behalf of an engineer, by exchange. RFC 8693 §1.1 */
@Injectable()
export class SupportTool {
  constructor(
    private readonly server: AuthorizationServer,
    private readonly settings: Settings,
    private readonly pending: PendingLogins,
  ) {}

  /** Whether the authorization server knows of impersonations, and this is no production. */
  async isPossible(): Promise<boolean> {
    if (!this.settings.experiments) return false;
    const metadata = (await this.server.configuration()).serverMetadata();
    return metadata['onbehalf_impersonation_subject_token_type'] === TokenType.UserId;
  }

  /** Where the engineer signs in afresh: nobody is impersonated by a login of yesterday. OpenID Connect Core §3.1.2.1, prompt */
  async begin(request: Request, response: Response): Promise<URL> {
    const { state, nonce, codeVerifier } = this.pending.begin(request, response, '/support/account');
    return buildAuthorizationUrl(await this.#configuration(), {
      redirect_uri: this.settings.publicUrl + SUPPORT_CALLBACK,
      scope: 'openid impersonate',
      prompt: 'login',
      login_hint: DEMO_ENGINEER,
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    });
  }

  /** Takes the engineer back, and exchanges: the customer is named, the engineer's token proves who asks. */
  async complete(request: Request, response: Response, wanted: WantedAccount): Promise<UsedAccount> {
    const { originalUrl, path } = request;
    const callback = new URL(`${this.settings.publicUrl}${SUPPORT_CALLBACK}${originalUrl.slice(path.length)}`);
    const { state, nonce, codeVerifier } = this.pending.take(
      request,
      response,
      callback.searchParams.get('state') ?? '',
    );
    const configuration = await this.#configuration();
    try {
      const checks = {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        idTokenExpected: true,
      };
      const engineer = await authorizationCodeGrant(configuration, callback, checks);
      const administrator = engineer.claims()?.sub ?? '';
      const issued = await genericGrantRequest(configuration, GrantType.TokenExchange, {
        subject_token: wanted.customer,
        subject_token_type: TokenType.UserId,
        actor_token: engineer.access_token,
        actor_token_type: TokenType.AccessToken,
        resource: this.settings.userServiceResource,
        reason: wanted.reason,
        ...(wanted.ticket !== undefined && { ticket: wanted.ticket }),
      });
      const expiresAt = Date.now() + (issued.expires_in ?? 0) * 1000;
      return { ...wanted, administrator, accessToken: issued.access_token, expiresAt };
    } catch (error) {
      throw refused(error);
    }
  }

  /** Ends it, with all that was exchanged from it. RFC 7009 */
  async stop({ accessToken }: UsedAccount): Promise<void> {
    await tokenRevocation(await this.#configuration(), accessToken, { token_type_hint: 'access_token' });
  }

  async #configuration(): Promise<Configuration> {
    const { labSecret, issuer } = this.settings;
    const metadata = (await this.server.configuration()).serverMetadata();
    const configuration = new Configuration(metadata, CLIENT_ID, labSecret, ClientSecretBasic(labSecret));
    configuration[customFetch] = this.server.fetch;
    if (issuer.startsWith('http:')) allowInsecureRequests(configuration);
    return configuration;
  }
}

function refused(error: unknown): PageError {
  const cause = { cause: explain(error) };
  const told = error instanceof ResponseBodyError ? error.error_description : undefined;
  return new PageError(403, 'You may not use this account', told ?? 'The authorization server refused it.', cause);
}
