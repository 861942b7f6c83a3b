import { Injectable } from '@nestjs/common';
import { readBounded } from '@onbehalf/jwt-verification';
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
import { z } from 'zod';
import { AuthorizationServer } from '../authorization-server/authorization-server.js';
import { explain } from '../login/oauth-failure.js';
import { PendingLogins, type PendingLogin } from '../login/pending-logins.js';
import { PageError } from '../pages/page-error.js';
import { newCsrfToken } from '../session/csrf.js';
import { Settings } from '../settings.js';
import { SUPPORT_CALLBACK } from './support-callback.js';
import type { Engineer, UsedAccount, WantedAccount } from '../session/support-session.js';

/** A client of its own: the application of the customers can have no token of an engineer. */
const CLIENT_ID = 'lab-support';
/** What engineers may do. */
const ROLE = 'impersonate';
/** The engineer of the demo. */
export const DEMO_ENGINEER = 'support';
/** For how long a sign-in is taken for fresh: what an edge demands unless it says otherwise. Milliseconds. */
const FRESH = 300_000;
/** Milliseconds. */
const TIMEOUT = 5_000;
const MAX_BYTES = 64 * 1024;

const foundCustomers = z.object({
  customers: z.array(z.object({ id: z.string(), name: z.string().optional() })),
  more: z.boolean(),
});

/** Customers that were found; `more`: there are others. */
export type FoundCustomers = z.output<typeof foundCustomers>;

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
    const { state, nonce, codeVerifier } = await this.pending.begin(request, response, '/support/customers');
    return buildAuthorizationUrl(await this.#configuration(), {
      redirect_uri: this.settings.publicUrl + SUPPORT_CALLBACK,
      scope: `openid ${ROLE}`,
      prompt: 'login',
      login_hint: DEMO_ENGINEER,
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    });
  }

  /** Takes the engineer back. */
  async complete(request: Request, response: Response): Promise<Engineer> {
    const { originalUrl, path } = request;
    const callback = new URL(`${this.settings.publicUrl}${SUPPORT_CALLBACK}${originalUrl.slice(path.length)}`);
    const state = callback.searchParams.get('state') ?? '';
    const { result } = await this.pending.redeem(request, response, state, (begun) => this.#redeem(callback, begun));
    return result;
  }

  async #redeem(callback: URL, { state, nonce, codeVerifier }: PendingLogin): Promise<Engineer> {
    const checks = {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: codeVerifier,
      idTokenExpected: true,
    };
    try {
      const engineer = await authorizationCodeGrant(await this.#configuration(), callback, checks);
      const subject = engineer.claims()?.sub ?? '';
      // RFC 6749 §5.1: told where it is less than was asked for, as it is for whoever is no engineer
      if (engineer.scope !== undefined && !engineer.scope.split(' ').includes(ROLE)) throw notPermitted();
      return { subject, accessToken: engineer.access_token, freshUntil: Date.now() + FRESH, csrf: newCsrfToken() };
    } catch (error) {
      throw refused(error);
    }
  }

  /**
   * The customers whose name holds this text, of those whose account the engineer may use.
   * @throws PageError when the engineer may use none
   */
  async customersLike(text: string, { accessToken }: Engineer): Promise<FoundCustomers> {
    const query = new URLSearchParams({ search: text });
    const url = `${this.settings.issuer}/admin/impersonations/customers?${query.toString()}`;
    const headers = { authorization: `Bearer ${accessToken}` };
    const options = { headers, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT) };
    const response = await this.server.fetch(url, options as never);
    if (!response.ok) {
      throw notPermitted(new Error(`The authorization server answered ${response.status} to the search`));
    }
    return foundCustomers.parse(JSON.parse(await readBounded(response, MAX_BYTES)));
  }

  /** Exchanges: the customer is named, the engineer's token proves who asks. */
  async use(wanted: WantedAccount, { subject, accessToken, csrf }: Engineer): Promise<UsedAccount> {
    try {
      const issued = await genericGrantRequest(await this.#configuration(), GrantType.TokenExchange, {
        subject_token: wanted.customer,
        subject_token_type: TokenType.UserId,
        actor_token: accessToken,
        actor_token_type: TokenType.AccessToken,
        resource: this.settings.userServiceResource,
        reason: wanted.reason,
        ...(wanted.ticket !== undefined && { ticket: wanted.ticket }),
      });
      const expiresAt = Date.now() + (issued.expires_in ?? 0) * 1000;
      return { ...wanted, administrator: subject, accessToken: issued.access_token, expiresAt, csrf };
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
  if (error instanceof PageError) return error;
  return notPermitted(explain(error), error instanceof ResponseBodyError ? error.error_description : undefined);
}

function notPermitted(cause?: unknown, told = 'The authorization server refused it.'): PageError {
  return new PageError(403, 'You may not use this account', told, { cause });
}
