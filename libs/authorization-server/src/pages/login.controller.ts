import { Body, Controller, Get, Header, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { errors } from 'oidc-provider';
import { Accounts } from '../accounts/accounts.js';
import { LiveProvider } from '../provider/live-provider.js';
import { html } from '@onbehalf/html';
import { CLIENT_ADDRESS } from '../authorization-server.tokens.js';
import type { ClientAddress } from '../rate-limits/client-address.js';
import { LoginLimits } from '../rate-limits/login-limits.js';
import { loginPage } from './login-page.js';
import { page, pagePolicy } from './page.js';
import { STYLESHEET } from './stylesheet.js';

const NO_STORE = 'no-store';
// RFC 8176 §2
const PASSWORD = 'pwd';

/** The login page: where the provider sends a user that must authenticate. */
@Controller()
export class LoginController {
  readonly #provider: LiveProvider;
  readonly #accounts: Accounts;
  readonly #limits: LoginLimits;
  readonly #addressOf: ClientAddress;

  constructor(
    @Inject(LiveProvider) provider: LiveProvider,
    @Inject(Accounts) accounts: Accounts,
    @Inject(LoginLimits) limits: LoginLimits,
    @Inject(CLIENT_ADDRESS) addressOf: ClientAddress,
  ) {
    this.#provider = provider;
    this.#accounts = accounts;
    this.#limits = limits;
    this.#addressOf = addressOf;
  }

  @Get('login/:uid')
  async show(@Param('uid') uid: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    await this.#answer(request, response, 200, (clientId) => loginPage({ action: `/login/${uid}`, clientId }));
  }

  @Post('login/:uid')
  async submit(
    @Param('uid') uid: string,
    @Body() form: Record<string, unknown> | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const username = typeof form?.['username'] === 'string' ? form['username'].trim() : '';
    const password = typeof form?.['password'] === 'string' ? form['password'] : '';
    const address = this.#addressOf(request);
    const wait = await this.#limits.attempt(address, username);
    if (wait !== undefined) return this.#answerTooMany(response, wait);
    const account = await this.#accounts.authenticate(username, password);
    if (account) {
      await this.#limits.succeeded(address, username);
      return this.#finish(request, response, account.username);
    }
    const error = 'The user name or the password is wrong.';
    await this.#answer(request, response, 400, (clientId) =>
      loginPage({ action: `/login/${uid}`, clientId, username, error }),
    );
  }

  @Get('assets/authorization-server.css')
  @Header('content-type', 'text/css; charset=utf-8')
  @Header('cache-control', 'public, max-age=3600')
  stylesheet(): string {
    return STYLESHEET;
  }

  async #finish(request: Request, response: Response, accountId: string): Promise<void> {
    try {
      await this.#provider.current.interactionFinished(request, response, { login: { accountId, amr: [PASSWORD] } });
    } catch (error) {
      this.#answerExpired(response, error);
    }
  }

  async #answer(
    request: Request,
    response: Response,
    status: number,
    render: (clientId: string) => string,
  ): Promise<void> {
    try {
      const provider = this.#provider.current;
      const { params } = await provider.interactionDetails(request, response);
      const clientId = String(params['client_id']);
      const client = await provider.Client.find(clientId);
      this.#send(response, status, render(clientId), client?.redirectUris ?? []);
    } catch (error) {
      this.#answerExpired(response, error);
    }
  }

  #answerTooMany(response: Response, seconds: number): void {
    const minutes = Math.ceil(seconds / 60);
    const content = html`<p role="alert">
      There were too many attempts to sign in. Please wait ${minutes === 1 ? 'a minute' : `${minutes} minutes`}, then go
      back to the application and sign in again.
    </p>`;
    response.set('retry-after', String(seconds));
    this.#send(response, 429, page('Please wait', content), []);
  }

  #answerExpired(response: Response, error: unknown): void {
    if (!(error instanceof errors.SessionNotFound)) throw error;
    const content = html`<p role="alert">
      This sign-in has expired or was already used. Go back to the application and sign in again.
    </p>`;
    this.#send(response, 400, page('Please start again', content), []);
  }

  #send(response: Response, status: number, body: string, redirectUris: readonly string[]): void {
    response.status(status);
    response.set({ 'cache-control': NO_STORE, 'content-security-policy': pagePolicy(redirectUris) });
    response.type('html').send(body);
  }
}
