import { Body, Controller, Get, Inject, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import type { ConsentStore, IssuedTokens, StandingConsent } from '@onbehalf/authorization-ports';
import type { Request, Response } from 'express';
import { Accounts, type Account } from '../accounts/accounts.js';
import { claimedTrace } from '../audit/claimed-trace.js';
import { FormTokens } from '../consents/form-tokens.js';
import { CONSENTS, ISSUED_TOKENS } from '../ports/injection-tokens.js';
import { LiveProvider } from '../provider/live-provider.js';
import { endGrant, sessionOf } from '../provider/seam/session-seam.js';
import { Registrations } from '../registrations/registrations.js';
import { CONSENTS_PATH, consentsPage, signedOutPage, type ClientAccess } from './consents-page.js';
import { OwnFormsGuard } from './own-forms.guard.js';
import { pagePolicy } from './page.js';
import { Pages } from './page-view.js';
import { answerRefusalPage } from './refusal-page.js';

/** Whoever is signed in here. */
interface Visitor {
  readonly account: Account;
  /** The session; not what its cookie holds. */
  readonly session: string;
}

/** Shows users who has access to their account, and lets them take it back. */
@Controller(CONSENTS_PATH)
@UseGuards(OwnFormsGuard)
export class ConsentsController {
  readonly #provider: LiveProvider;
  readonly #accounts: Accounts;
  readonly #consents: ConsentStore;
  readonly #tokens: IssuedTokens;
  readonly #registrations: Registrations;
  readonly #forms: FormTokens;
  readonly #pages: Pages;

  constructor(
    @Inject(LiveProvider) provider: LiveProvider,
    @Inject(Accounts) accounts: Accounts,
    @Inject(CONSENTS) consents: ConsentStore,
    @Inject(ISSUED_TOKENS) tokens: IssuedTokens,
    @Inject(Registrations) registrations: Registrations,
    @Inject(FormTokens) forms: FormTokens,
    @Inject(Pages) pages: Pages,
  ) {
    this.#provider = provider;
    this.#accounts = accounts;
    this.#consents = consents;
    this.#tokens = tokens;
    this.#registrations = registrations;
    this.#forms = forms;
    this.#pages = pages;
  }

  @Get()
  async show(
    @Query('withdrawn') withdrawn: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const visitor = await this.#visitor(request, response);
    if (!visitor) return;
    const { account, session } = visitor;
    const clients = this.#toClients(await this.#consents.of(account.username, account.life ?? 0));
    const gone = typeof withdrawn === 'string' && !clients.some(({ clientId }) => clientId === withdrawn);
    const known = gone && this.#isRegistered(withdrawn) ? withdrawn : undefined;
    const shown = { user: account.username, clients, withdrawn: known, formToken: this.#forms.of(session) };
    this.#send(response, 200, consentsPage(shown, this.#pages.for(request)));
  }

  @Post()
  async withdraw(
    @Body() form: Record<string, unknown> | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const visitor = await this.#visitor(request, response);
    if (!visitor) return;
    const { account, session } = visitor;
    const { form_token: formToken, client_id: clientId } = form ?? {};
    const view = this.#pages.for(request);
    if (typeof formToken !== 'string' || !this.#forms.accept(formToken, session))
      return answerRefusalPage(response, 403, view);
    if (typeof clientId !== 'string') return answerRefusalPage(response, 400, view);
    await this.#end(account.username, clientId);
    response.redirect(303, `${CONSENTS_PATH}?withdrawn=${encodeURIComponent(clientId)}`);
  }

  async #end(subject: string, clientId: string): Promise<void> {
    const event = { type: 'consent_withdrawn', outcome: 'accepted', subject, clientId, ...claimedTrace() };
    const grants = await this.#consents.withdraw(subject, clientId, event);
    // a store that keeps the provider's records too has ended them in the same step
    for (const grantId of grants ?? []) {
      await endGrant(this.#provider.current, grantId);
      await this.#tokens.revokeByGrant(grantId);
    }
  }

  /** Whoever is signed in; `undefined` when nobody is, which is then answered. */
  async #visitor(request: Request, response: Response): Promise<Visitor | undefined> {
    const session = await sessionOf(this.#provider.current, request, response);
    const account = session.accountId === undefined ? undefined : this.#accounts.active(session.accountId);
    if (account) return { account, session: session.uid };
    this.#send(response, 401, signedOutPage(this.#pages.for(request)));
    return undefined;
  }

  #toClients(standing: readonly StandingConsent[]): ClientAccess[] {
    const { lives } = this.#registrations.current;
    const current = standing.filter(({ clientId, clientLife }) => (lives.of('client', clientId) ?? 0) === clientLife);
    return [...Map.groupBy(current, ({ clientId }) => clientId)].map(([clientId, all]) => ({
      clientId,
      since: Math.min(...all.map(({ since }) => since)),
      byOperator: all.every(({ kind }) => kind === 'operator'),
      scopes: distinct(all),
    }));
  }

  #isRegistered(clientId: string): boolean {
    return this.#registrations.current.find('client', clientId) !== undefined;
  }

  #send(response: Response, status: number, body: string): void {
    response.status(status).set({ 'cache-control': 'no-store', 'content-security-policy': pagePolicy() });
    response.type('html').send(body);
  }
}

function distinct(all: readonly StandingConsent[]): StandingConsent[] {
  return [...new Map(all.map((each) => [`${each.scope} ${each.audience ?? ''}`, each])).values()];
}
