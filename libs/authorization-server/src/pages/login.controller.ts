import { Body, Get, Inject, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Account } from '../accounts/accounts.js';
import { CLIENT_ADDRESS } from '../ports/injection-tokens.js';
import type { ClientAddress } from '../rate-limits/client-address.js';
import { goOnPage } from './go-on-page.js';
import { LoginLook } from './login-look.js';
import { loginExpiredPage, signInLaterPage } from './login-page.js';
import { OwnFormsGuard } from './own-forms.guard.js';
import { pagePolicy } from './page.js';
import { Pages, type PageView } from './page-view.js';
import { SignIn } from './sign-in.js';
import { NoSuchSignIn, SignIns } from './sign-ins.js';
import { ServerController } from './server-controller.decorator.js';

const NO_STORE = 'no-store';
// RFC 8176 §2
const PASSWORD = 'pwd';

interface Begun {
  readonly clientId: string;
  readonly hint: string | undefined;
  /** How the pages look to the user. */
  readonly view: PageView;
}

/** The login page: where the provider sends a user that must authenticate. */
@ServerController('login')
@UseGuards(OwnFormsGuard)
export class LoginController {
  readonly #signIns: SignIns;
  readonly #signIn: SignIn;
  readonly #addressOf: ClientAddress;
  readonly #pages: Pages;
  readonly #look: LoginLook;

  constructor(
    @Inject(SignIns) signIns: SignIns,
    @Inject(SignIn) signIn: SignIn,
    @Inject(CLIENT_ADDRESS) addressOf: ClientAddress,
    @Inject(Pages) pages: Pages,
    @Inject(LoginLook) look: LoginLook,
  ) {
    this.#signIns = signIns;
    this.#signIn = signIn;
    this.#addressOf = addressOf;
    this.#pages = pages;
    this.#look = look;
  }

  @Get(':uid')
  async show(@Param('uid') uid: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    await this.#answer(uid, request, response, 200, ({ clientId, hint, view }) =>
      this.#look.page({ action: `/login/${uid}`, clientId, username: hint }, view),
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
    this.#signIns.failed(username);
    const error = view.text('login.wrong');
    await this.#answer(uid, request, response, 400, ({ clientId }) =>
      this.#look.page({ action: `/login/${uid}`, clientId, username, error }, view),
    );
  }

  async #finish(request: Request, response: Response, account: Account, view: PageView): Promise<void> {
    try {
      const returnTo = await this.#signIns.signedIn(request, response, account, [PASSWORD]);
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
    render: (begun: Begun) => Promise<string>,
  ): Promise<void> {
    const begun = await this.#begun(uid, request, response);
    if (begun) this.#send(response, status, await render(begun));
  }

  /** The sign-in that this browser has begun; `undefined` when there is none, which is then answered. */
  async #begun(uid: string, request: Request, response: Response): Promise<Begun | undefined> {
    try {
      const { uiLocales, ...begun } = await this.#signIns.begun(uid, request, response);
      return { ...begun, view: this.#pages.for(request, uiLocales) };
    } catch (error) {
      this.#answerExpired(request, response, error);
      return undefined;
    }
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
    if (!(error instanceof NoSuchSignIn)) throw error;
    this.#send(response, 400, loginExpiredPage(this.#pages.for(request)));
  }

  #send(response: Response, status: number, body: string): void {
    response.status(status);
    response.set({ 'cache-control': NO_STORE, 'content-security-policy': pagePolicy() });
    response.type('html').send(body);
  }
}
