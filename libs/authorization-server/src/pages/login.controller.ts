import { Body, Controller, Get, Header, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { errors } from 'oidc-provider';
import { Accounts } from '../accounts/accounts.js';
import { LiveProvider } from '../provider/live-provider.js';
import { html } from '@onbehalf/html';
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

  constructor(@Inject(LiveProvider) provider: LiveProvider, @Inject(Accounts) accounts: Accounts) {
    this.#provider = provider;
    this.#accounts = accounts;
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
    const account = await this.#accounts.authenticate(username, password);
    if (account) return this.#finish(request, response, account.username);
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
