import { Body, Controller, Get, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { errors, type InteractionResults } from 'oidc-provider';
import { LiveProvider } from '../provider/live-provider.js';
import { consentPage } from './consent-page.js';
import { goOnPage } from './go-on-page.js';
import { loginExpiredPage } from './login-page.js';
import { pagePolicy } from './page.js';

// OpenID Connect Core §3.1.2.6, RFC 6749 §4.1.2.1
const DENIED: InteractionResults = { error: 'access_denied', error_description: 'the user denied the request' };

/** The consent page: where the provider sends a user whom a client wants to be asked. OpenID Connect Core §3.1.2.4 */
@Controller('consent')
export class ConsentController {
  readonly #provider: LiveProvider;

  constructor(@Inject(LiveProvider) provider: LiveProvider) {
    this.#provider = provider;
  }

  @Get(':uid')
  async show(@Param('uid') uid: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    await this.#begun(uid, request, response, ({ session, params }) => {
      const scope = params['scope'];
      const scopes = typeof scope === 'string' ? scope.split(' ') : [];
      const clientId = String(params['client_id']);
      const user = session?.accountId ?? '';
      return Promise.resolve(consentPage({ action: `/consent/${uid}`, clientId, user, scopes }));
    });
  }

  @Post(':uid')
  async decide(
    @Param('uid') uid: string,
    @Body() form: Record<string, unknown> | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    // whatever is not a clear yes is a no
    const result = form?.['decision'] === 'allow' ? { consent: {} } : DENIED;
    await this.#begun(uid, request, response, async () =>
      goOnPage(await this.#provider.current.interactionResult(request, response, result)),
    );
  }

  /** Answers with a page of the request for consent that this browser has begun, or that there is none. */
  async #begun(
    uid: string,
    request: Request,
    response: Response,
    render: (begun: Awaited<ReturnType<LiveProvider['current']['interactionDetails']>>) => Promise<string>,
  ): Promise<void> {
    response.set({ 'cache-control': 'no-store', 'content-security-policy': pagePolicy() });
    try {
      const begun = await this.#provider.current.interactionDetails(request, response);
      if (begun.uid !== uid || begun.prompt.name !== 'consent') throw new errors.SessionNotFound('no such request');
      response.type('html').send(await render(begun));
    } catch (error) {
      if (!(error instanceof errors.SessionNotFound)) throw error;
      response.status(400).type('html').send(loginExpiredPage());
    }
  }
}
