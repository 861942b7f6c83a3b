import { Body, Get, Inject, Param, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import {
  answerRefusalPage,
  FEATURE_PARTS,
  FormTokens,
  goOnPage,
  OwnFormsGuard,
  pagePolicy,
  Pages,
  signedOutPage,
  Visitors,
  type FeatureParts,
  type Visitor,
  ServerController,
} from '@onbehalf/authorization-server';
import type { Request, Response } from 'express';
import { LinkRefused } from './linking/link.js';
import type { BrowserSession } from './linking/linking.js';
import type { Returned } from './linking/returned.js';
import { confirmPage } from './pages/confirm-page.js';
import { linkedAccountsPage } from './pages/linked-accounts-page.js';
import { PATH } from './linking/paths.js';
import { linkProblemPage } from './pages/link-problem-page.js';
import type { TokenVaultSettings } from './token-vault.schema.js';
import { Vault } from './vault.js';

type Form = Readonly<Record<string, unknown>>;

/** Where people see which accounts they have linked, link and unlink them, and where browsers pass on their way to providers and back. */
@ServerController(PATH)
@UseGuards(OwnFormsGuard)
export class LinkedAccountsController {
  readonly #vault: Vault;
  readonly #visitors: Visitors;
  readonly #forms: FormTokens;
  readonly #pages: Pages;

  constructor(
    @Inject(FEATURE_PARTS) parts: FeatureParts<TokenVaultSettings>,
    @Inject(Visitors) visitors: Visitors,
    @Inject(FormTokens) forms: FormTokens,
    @Inject(Pages) pages: Pages,
  ) {
    this.#vault = new Vault(parts);
    this.#visitors = visitors;
    this.#forms = forms;
    this.#pages = pages;
  }

  @Get()
  async show(@Query() query: Form, @Req() request: Request, @Res() response: Response): Promise<void> {
    await this.#answer(request, response, (visitor) => this.#overview(request, visitor, query));
  }

  /** Begins a link at this page: the browser goes straight to the provider. */
  @Post('connect')
  async connect(@Body() form: Form | undefined, @Req() request: Request, @Res() response: Response): Promise<void> {
    await this.#takeForm(form, request, response, async (visitor, { provider, scope }) => {
      const name = text(provider);
      const known = this.#vault.clientOf(name) ? this.#vault.scopesOf(name) : [];
      const scopes = text(scope).split(' ').filter(Boolean);
      if (scopes.length === 0 || !scopes.every((each) => known.includes(each))) throw new LinkRefused('unknown');
      const browser = sessionOf(visitor);
      const link = await this.#vault.linking.ask({ ...browser, provider: name, scopes });
      return goOnPage(await this.#vault.linking.open(link, browser), this.#pages.for(request));
    });
  }

  /** Opens a link that a client has begun. */
  @Get('connect/:link')
  async open(@Param('link') link: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    await this.#answer(request, response, async (visitor) => {
      const url = await this.#vault.linking.open(link, sessionOf(visitor));
      return goOnPage(url, this.#pages.for(request));
    });
  }

  /** The browser comes back from a provider. */
  @Get('callback/:provider')
  async callback(
    @Param('provider') provider: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.#answer(request, response, async (visitor) => {
      const parameters = new URLSearchParams(request.url.split('?', 2)[1]);
      const returned = await this.#vault.linking.returned(provider, parameters, sessionOf(visitor));
      return this.#proceed(returned, visitor, request);
    });
  }

  /** The person says whether another account is to take the place of the one that is linked. */
  @Post('confirm')
  async confirm(@Body() form: Form | undefined, @Req() request: Request, @Res() response: Response): Promise<void> {
    await this.#takeForm(form, request, response, async (visitor, { code, decision }) => {
      // whatever is not a clear yes is a no
      const agrees = decision === 'replace';
      const returned = await this.#vault.linking.confirmed(text(code), agrees, sessionOf(visitor));
      return this.#proceed(returned, visitor, request);
    });
  }

  @Post('unlink')
  async unlink(@Body() form: Form | undefined, @Req() request: Request, @Res() response: Response): Promise<void> {
    await this.#takeForm(form, request, response, async (visitor, { id }) => {
      const { subject, life } = sessionOf(visitor);
      const row = (await this.#vault.accounts.of({ subject, life })).find((each) => each.id === id);
      if (!row) throw new LinkRefused('unknown');
      const key = { subject, life, provider: row.provider };
      const revoked = await this.#vault.changes.unlink(key, row.id, {});
      return { to: `${PATH}?${revoked ? 'unlinked' : 'left'}=${encodeURIComponent(row.provider)}` };
    });
  }

  async #overview(request: Request, visitor: Visitor, query: Form): Promise<string> {
    const { subject, life } = sessionOf(visitor);
    const rows = await this.#vault.accounts.of({ subject, life });
    const providers = this.#vault.providers.map(({ name, title }) => {
      const linked = rows.find(({ provider }) => provider === name);
      return { name, title, scopes: this.#wanted(name, query), linked };
    });
    const told = ['linked', 'unlinked', 'left', 'failed'] as const;
    const done = told.find((outcome) => this.#vault.clientOf(text(query[outcome])));
    const shown = {
      user: subject,
      providers,
      notice: done && { done, title: this.#vault.clientOf(text(query[done]))!.provider.title },
      formToken: this.#forms.of(visitor.session),
    };
    return linkedAccountsPage(shown, this.#pages.for(request));
  }

  /** What is asked for at a provider: what the page was opened for, or everything that may be linked. */
  #wanted(provider: string, { provider: named, scope }: Form): readonly string[] {
    const all = this.#vault.scopesOf(provider);
    const wanted =
      named === provider
        ? text(scope)
            .split(' ')
            .filter((each) => all.includes(each))
        : [];
    return wanted.length > 0 ? wanted : all;
  }

  #proceed(returned: Returned, visitor: Visitor, request: Request): string | { readonly to: string } {
    if (returned.outcome === 'client') return goOnPage(returned.url, this.#pages.for(request));
    const provider = encodeURIComponent(returned.provider);
    if (returned.outcome === 'linked') return { to: `${PATH}?linked=${provider}` };
    if (returned.outcome === 'refused') return { to: `${PATH}?failed=${provider}` };
    const { title } = this.#vault.clientOf(returned.provider)!.provider;
    const { code, labels } = returned;
    const asked = { title, code, ...labels, formToken: this.#forms.of(visitor.session) };
    return confirmPage(asked, this.#pages.for(request));
  }

  async #takeForm(
    form: Form | undefined,
    request: Request,
    response: Response,
    work: (visitor: Visitor, form: Form) => Promise<string | { readonly to: string }>,
  ): Promise<void> {
    await this.#answer(request, response, async (visitor) => {
      if (this.#forms.accept(text(form?.['form_token']), visitor.session)) return work(visitor, form!);
      answerRefusalPage(response, 403, this.#pages.for(request));
      return undefined;
    });
  }

  /** Answers whoever is signed in, with a page or by sending the browser on; links that are refused with a page that says so. */
  async #answer(
    request: Request,
    response: Response,
    work: (visitor: Visitor) => Promise<string | { readonly to: string } | undefined>,
  ): Promise<void> {
    const view = this.#pages.for(request);
    response.set({ 'cache-control': 'no-store', 'content-security-policy': pagePolicy() });
    // the addresses hold secrets of the link
    response.set('referrer-policy', 'no-referrer');
    response.type('html');
    try {
      const visitor = await this.#visitors.of(request, response);
      if (!visitor) return void response.status(401).send(signedOutPage(view));
      const answer = await work(visitor);
      if (typeof answer === 'string') response.send(answer);
      else if (answer) response.redirect(303, answer.to);
    } catch (error) {
      if (!(error instanceof LinkRefused)) throw error;
      const { problem } = error;
      const status = problem === 'other_person' || problem === 'other_session' ? 403 : 400;
      response.status(status).send(linkProblemPage(problem, view));
    }
  }
}

function sessionOf({ user: subject, life, session }: Visitor): BrowserSession {
  return { subject, life, session };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
