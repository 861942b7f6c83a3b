import { Body, Get, Inject, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import { errors, type InteractionResults } from 'oidc-provider';
import type { ServerAuditTrail } from '../audit/audit-event.js';
import { claimedTrace } from '../audit/claimed-trace.js';
import { AUDIT_TRAIL } from '../ports/injection-tokens.js';
import { LiveProvider } from '../provider/live-provider.js';
import type { AskedConsent } from '../provider/login/consent-prompt.js';
import { consentPage } from './consent-page.js';
import { goOnPage } from './go-on-page.js';
import { loginExpiredPage } from './login-page.js';
import { OwnFormsGuard } from './own-forms.guard.js';
import { pagePolicy } from './page.js';
import { Pages, type PageView } from './page-view.js';
import { ServerController } from './server-controller.decorator.js';

// OpenID Connect Core §3.1.2.6, RFC 6749 §4.1.2.1
const DENIED: InteractionResults = { error: 'access_denied', error_description: 'the user denied the request' };

interface Begun {
  readonly clientId: string;
  readonly user: string;
  readonly asked: AskedConsent;
}

/** The consent page: where the provider sends a user whom a client wants to be asked. OpenID Connect Core §3.1.2.4 */
@ServerController('consent')
@UseGuards(OwnFormsGuard)
export class ConsentController {
  readonly #provider: LiveProvider;
  readonly #pages: Pages;
  readonly #trail: Pick<ServerAuditTrail, 'append'>;

  constructor(
    @Inject(LiveProvider) provider: LiveProvider,
    @Inject(Pages) pages: Pages,
    @Inject(AUDIT_TRAIL) trail: ServerAuditTrail,
  ) {
    this.#provider = provider;
    this.#pages = pages;
    this.#trail = trail;
  }

  @Get(':uid')
  async show(@Param('uid') uid: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    await this.#begun(uid, request, response, ({ clientId, user, asked }, view) =>
      Promise.resolve(consentPage({ action: `/consent/${uid}`, clientId, user, ...asked }, view)),
    );
  }

  @Post(':uid')
  async decide(
    @Param('uid') uid: string,
    @Body() form: Record<string, unknown> | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    // whatever is not a clear yes is a no
    const isAllowed = form?.['decision'] === 'allow';
    await this.#begun(uid, request, response, async (begun, view) => {
      if (!isAllowed) await this.#recordDenied(begun);
      const result = isAllowed ? { consent: {} } : DENIED;
      // a sign-in of the same request stays known
      return goOnPage(await this.#provider.current.interactionResult(request, response, result), view);
    });
  }

  async #recordDenied({ clientId, user, asked }: Begun): Promise<void> {
    await this.#trail.append({
      type: 'consent',
      outcome: 'rejected',
      decidedBy: 'user',
      subject: user,
      clientId,
      targets: [...new Set(asked.scopes.flatMap(({ audience }) => audience ?? []))],
      scopesGranted: [],
      ...claimedTrace(),
    });
  }

  /** Answers with a page of the request for consent that this browser has begun, or that there is none. */
  async #begun(
    uid: string,
    request: Request,
    response: Response,
    render: (begun: Begun, view: PageView) => Promise<string>,
  ): Promise<void> {
    response.set({ 'cache-control': 'no-store', 'content-security-policy': pagePolicy() });
    try {
      const begun = await this.#provider.current.interactionDetails(request, response);
      const { prompt, params, session } = begun;
      if (begun.uid !== uid || prompt.name !== 'consent') throw new errors.SessionNotFound('no such request');
      const asked = prompt.details['asked'] as AskedConsent;
      const details = { clientId: String(params['client_id']), user: session?.accountId ?? '', asked };
      response.type('html').send(await render(details, this.#pages.for(request, params['ui_locales'])));
    } catch (error) {
      if (!(error instanceof errors.SessionNotFound)) throw error;
      response
        .status(400)
        .type('html')
        .send(loginExpiredPage(this.#pages.for(request)));
    }
  }
}
