import { Body, Get, Inject, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import { errors } from 'oidc-provider';
import type { ServerAuditTrail } from '../audit/audit-event.js';
import { Accounts, type Account } from '../accounts/accounts.js';
import { LiveProvider } from '../provider/live-provider.js';
import { SampledRefusals } from '../audit/sampled-refusals.js';
import { AUDIT_TRAIL, CLIENT_ADDRESS } from '../ports/injection-tokens.js';
import type { ClientAddress } from '../rate-limits/client-address.js';
import { LoginLimits } from '../rate-limits/login-limits.js';
import { goOnPage } from './go-on-page.js';
import { loginExpiredPage, loginPage, signInLaterPage } from './login-page.js';
import { LoginRecords } from './login-records.js';
import { OwnFormsGuard } from './own-forms.guard.js';
import { pagePolicy } from './page.js';
import { Pages, type PageView } from './page-view.js';
import { SignIn } from './sign-in.js';
import { ServerController } from './server-controller.decorator.js';

const NO_STORE = 'no-store';
// RFC 8176 §2
const PASSWORD = 'pwd';

interface BegunSignIn {
  readonly clientId: string;
  /** Who the client thinks will sign in. OpenID Connect Core §3.1.2.1, login_hint */
  readonly hint: string | undefined;
  /** How the pages look to the user. */
  readonly view: PageView;
}

/** The login page: where the provider sends a user that must authenticate. */
@ServerController('login')
@UseGuards(OwnFormsGuard)
export class LoginController {
  readonly #provider: LiveProvider;
  readonly #signIn: SignIn;
  readonly #addressOf: ClientAddress;
  readonly #records: LoginRecords;
  readonly #pages: Pages;

  constructor(
    @Inject(LiveProvider) provider: LiveProvider,
    @Inject(Accounts) accounts: Accounts,
    @Inject(LoginLimits) limits: LoginLimits,
    @Inject(CLIENT_ADDRESS) addressOf: ClientAddress,
    @Inject(AUDIT_TRAIL) trail: ServerAuditTrail,
    @Inject(SampledRefusals) refusals: SampledRefusals,
    @Inject(Pages) pages: Pages,
  ) {
    this.#provider = provider;
    this.#records = new LoginRecords(accounts, trail, refusals);
    this.#signIn = new SignIn(accounts, limits);
    this.#addressOf = addressOf;
    this.#pages = pages;
  }

  @Get(':uid')
  async show(@Param('uid') uid: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    await this.#answer(uid, request, response, 200, ({ clientId, hint, view }) =>
      loginPage({ action: `/login/${uid}`, clientId, username: hint }, view),
    );
  }

  @Post(':uid')
  async submit(
    @Param('uid') uid: string,
    @Body() form: Record<string, unknown> | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const username = typeof form?.['username'] === 'string' ? form['username'].trim() : '';
    const password = typeof form?.['password'] === 'string' ? form['password'] : '';
    const { busy } = this.#signIn;
    if (busy) return this.#answerLater(response, busy, this.#pages.for(request));
    // a password is looked at only for a sign-in that is under way
    const begun = await this.#begun(uid, request, response);
    if (!begun) return;
    const { view } = begun;
    const isWanted = (): boolean => !response.closed;
    const outcome = await this.#signIn.attempt(this.#addressOf(request), username, password, isWanted);
    if (!outcome) return;
    if ('account' in outcome) return this.#finish(request, response, outcome.account, view);
    if (outcome.refused !== 'wrong password') return this.#answerLater(response, outcome, view);
    this.#records.failed(username);
    const error = view.text('login.wrong');
    await this.#answer(uid, request, response, 400, ({ clientId }) =>
      loginPage({ action: `/login/${uid}`, clientId, username, error }, view),
    );
  }

  async #finish(
    request: Request,
    response: Response,
    { username: accountId, life }: Account,
    view: PageView,
  ): Promise<void> {
    try {
      // the password was that of this life, whatever becomes of the account before the browser comes back
      const login = { accountId, amr: [PASSWORD], life };
      let returnTo = '';
      await this.#records.succeeded(login, async () => {
        returnTo = await this.#provider.current.interactionResult(request, response, { login });
      });
      this.#send(response, 200, goOnPage(returnTo, view));
    } catch (error) {
      this.#answerExpired(request, response, error);
    }
  }

  async #answer(
    uid: string,
    request: Request,
    response: Response,
    status: number,
    render: (begun: BegunSignIn) => string,
  ): Promise<void> {
    const begun = await this.#begun(uid, request, response);
    if (begun) this.#send(response, status, render(begun));
  }

  /** The sign-in that this browser has begun; `undefined` when there is none, which is then answered. */
  async #begun(uid: string, request: Request, response: Response): Promise<BegunSignIn | undefined> {
    try {
      const provider = this.#provider.current;
      const { uid: begun, params } = await provider.interactionDetails(request, response);
      const client = await provider.Client.find(String(params['client_id']));
      const hint = params['login_hint'];
      if (client && begun === uid) {
        const view = this.#pages.for(request, params['ui_locales']);
        return { clientId: client.clientId, hint: typeof hint === 'string' ? hint : undefined, view };
      }
      this.#answerExpired(request, response, new errors.SessionNotFound('no such sign-in'));
    } catch (error) {
      this.#answerExpired(request, response, error);
    }
    return undefined;
  }

  #answerLater(
    response: Response,
    { refused, wait }: { refused: 'too many attempts' | 'busy'; wait: number },
    view: PageView,
  ): void {
    response.set('retry-after', String(wait));
    this.#send(response, refused === 'busy' ? 503 : 429, signInLaterPage(refused, wait, view));
  }

  #answerExpired(request: Request, response: Response, error: unknown): void {
    if (!(error instanceof errors.SessionNotFound)) throw error;
    this.#send(response, 400, loginExpiredPage(this.#pages.for(request)));
  }

  #send(response: Response, status: number, body: string): void {
    response.status(status);
    response.set({ 'cache-control': NO_STORE, 'content-security-policy': pagePolicy() });
    response.type('html').send(body);
  }
}
