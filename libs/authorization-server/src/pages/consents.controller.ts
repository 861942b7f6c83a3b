import { Body, Get, Inject, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import type { ConsentStore, IssuedTokens, StandingConsent } from '@onbehalf/authorization-ports';
import { AI_AGENT, isOfProfile } from '@onbehalf/oauth-protocol';
import type { Request, Response } from 'express';
import { claimedTrace } from '../audit/claimed-trace.js';
import { FormTokens } from '../consents/form-tokens.js';
import { CONSENTS, ISSUED_TOKENS } from '../ports/injection-tokens.js';
import { LiveProvider } from '../provider/live-provider.js';
import { endGrant } from '../provider/seam/session-seam.js';
import { Registrations } from '../registrations/live/registrations.js';
import { CONSENTS_PATH, consentsPage, signedOutPage, type ClientAccess } from './consents-page.js';
import { OwnFormsGuard } from './own-forms.guard.js';
import { pagePolicy } from './page.js';
import { Pages } from './page-view.js';
import { answerRefusalPage } from './refusal-page.js';
import { Visitors, type Visitor } from './visitors.js';
import { ServerController } from './server-controller.decorator.js';

/** Shows users who has access to their account, and lets them take it back. */
@ServerController(CONSENTS_PATH)
@UseGuards(OwnFormsGuard)
export class ConsentsController {
  readonly #provider: LiveProvider;
  readonly #visitors: Visitors;
  readonly #consents: ConsentStore;
  readonly #tokens: IssuedTokens;
  readonly #registrations: Registrations;
  readonly #forms: FormTokens;
  readonly #pages: Pages;

  constructor(
    @Inject(LiveProvider) provider: LiveProvider,
    @Inject(Visitors) visitors: Visitors,
    @Inject(CONSENTS) consents: ConsentStore,
    @Inject(ISSUED_TOKENS) tokens: IssuedTokens,
    @Inject(Registrations) registrations: Registrations,
    @Inject(FormTokens) forms: FormTokens,
    @Inject(Pages) pages: Pages,
  ) {
    this.#provider = provider;
    this.#visitors = visitors;
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
    const { user, life, session } = visitor;
    const clients = this.#toClients(await this.#consents.of(user, life));
    const gone = typeof withdrawn === 'string' && !clients.some(({ clientId }) => clientId === withdrawn);
    const known = gone && this.#isRegistered(withdrawn) ? withdrawn : undefined;
    const shown = { user, clients, withdrawn: known, formToken: this.#forms.of(session) };
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
    const { user, session } = visitor;
    const { form_token: formToken, client_id: clientId } = form ?? {};
    const view = this.#pages.for(request);
    if (typeof formToken !== 'string' || !this.#forms.accept(formToken, session))
      return answerRefusalPage(response, 403, view);
    if (typeof clientId !== 'string') return answerRefusalPage(response, 400, view);
    await this.#end(user, clientId);
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
    const visitor = await this.#visitors.of(request, response);
    if (visitor) return visitor;
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
      ...this.#agentOf(clientId, all),
    }));
  }

  /** Of an AI agent: who answers for it, and until when it may act. */
  #agentOf(clientId: string, all: readonly StandingConsent[]): Pick<ClientAccess, 'agent'> {
    const { clients } = this.#registrations.current.config;
    const { subProfile, owner = '' } = clients.find((client) => client.clientId === clientId) ?? {};
    if (!isOfProfile(AI_AGENT, subProfile)) return {};
    return { agent: { owner, until: Math.max(...all.map(({ expiresAt }) => expiresAt)) } };
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
