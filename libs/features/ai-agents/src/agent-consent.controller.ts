import { Body, Get, Inject, Param, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import {
  answerRefusalPage,
  claimedTrace,
  FEATURE_PARTS,
  FormTokens,
  OwnFormsGuard,
  pagePolicy,
  Pages,
  signedOutPage,
  Visitors,
  type FeatureParts,
  type ServerConfig,
  type Visitor,
  ServerController,
} from '@onbehalf/authorization-server';
import { DEFAULT_TIME_TO_LIVE } from '@onbehalf/token-exchange';
import type { Request, Response } from 'express';
import { decidedPage, agentConsentPage, nothingToAllowPage, type AskedOfUser } from './agent-consent-page.js';
import { accessOf, isAgent, keyOf, type Access, type AiAgentsSettings } from './ai-agents.schema.js';
import { AGENTS_PATH, askedAccess } from './consent-address.js';
import { lifetimesUpTo } from './consent-lifetimes.js';
import { standingConsents } from './standing-consents.js';

type Sent = Readonly<Record<string, unknown>> | undefined;

/** The consent page of AI agents: who is signed in here lets one act, for these and for so long, or does not. */
@ServerController(AGENTS_PATH)
@UseGuards(OwnFormsGuard)
export class AgentConsentController {
  constructor(
    @Inject(FEATURE_PARTS) private readonly parts: FeatureParts<AiAgentsSettings>,
    @Inject(Visitors) private readonly visitors: Visitors,
    @Inject(FormTokens) private readonly forms: FormTokens,
    @Inject(Pages) private readonly pages: Pages,
  ) {}

  @Get(':agent')
  async show(
    @Param('agent') agent: string,
    @Query() query: Sent,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const asked = await this.#asked(agent, query, request, response);
    if (!asked) return;
    const view = this.pages.for(request);
    const formToken = this.forms.of(purposeOf(asked.visitor, agent));
    const lifetimes = lifetimesUpTo(this.parts.settings.longestConsent);
    send(
      response,
      asked.access.length > 0
        ? agentConsentPage({ ...asked, formToken, lifetimes }, view)
        : nothingToAllowPage(asked, view),
    );
  }

  @Post(':agent')
  async decide(
    @Param('agent') agent: string,
    @Body() form: Sent,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const asked = await this.#asked(agent, form, request, response);
    if (!asked) return;
    const view = this.pages.for(request);
    const formToken = form?.['form_token'];
    if (typeof formToken !== 'string' || !this.forms.accept(formToken, purposeOf(asked.visitor, agent)))
      return answerRefusalPage(response, 403, view);
    const lifetime = lifetimesUpTo(this.parts.settings.longestConsent).find(({ name }) => name === form?.['lifetime']);
    // whatever is not a clear yes is a no
    const isAllowed = form?.['decision'] === 'allow';
    if (asked.access.length === 0 || (isAllowed && !lifetime)) return answerRefusalPage(response, 400, view);
    await (isAllowed ? this.#give(asked, lifetime!.seconds) : this.#deny(asked));
    send(response, decidedPage(asked, isAllowed, view));
  }

  /** What an agent wants of whoever visits; `undefined` when there is no visitor, or no such agent, which is then answered. */
  async #asked(
    id: string,
    sent: Sent,
    request: Request,
    response: Response,
  ): Promise<(AskedOfUser & { readonly visitor: Visitor }) | undefined> {
    const view = this.pages.for(request);
    const visitor = await this.visitors.of(request, response);
    if (!visitor) {
      send(response, signedOutPage(view), 401);
      return undefined;
    }
    const config = this.parts.config();
    const agent = config.clients.find(({ clientId, enabled }) => enabled && clientId === id);
    if (!agent || !isAgent(agent)) {
      answerRefusalPage(response, 404, view);
      return undefined;
    }
    const standing = await this.#standing(visitor, id);
    const access = askedAccess(sent, accessOf(config, id)).filter((each) => !standing.has(keyOf(each)));
    const { owner = '' } = agent;
    return { visitor, agent: id, owner, user: visitor.user, access, standing: [...standing.values()] };
  }

  // what ends within the life of a token is asked for again
  async #standing({ user, life }: Visitor, agent: string): Promise<ReadonlyMap<string, Access>> {
    const soon = this.parts.clock() + longestToken(this.parts.config(), agent);
    const counting = await standingConsents(this.parts, { user, life, agent }, (expiresAt) => expiresAt > soon);
    const access = counting.map(({ audience = '', scope }) => ({ audience, scope }));
    return new Map(access.map((each) => [keyOf(each), each]));
  }

  async #give({ visitor, agent, access }: AskedOfUser & { readonly visitor: Visitor }, seconds: number): Promise<void> {
    const { consents, clock, randomId, lifeOf } = this.parts;
    const expiresAt = Math.floor(clock()) + seconds;
    const parties = { subject: visitor.user, subjectLife: visitor.life, clientId: agent };
    const lives = { ...parties, clientLife: lifeOf('client', agent) ?? 0 };
    const times = { grantId: randomId(), grantExpiresAt: expiresAt, expiresAt };
    await consents.give(
      { ...lives, kind: 'remembered', scopes: access, ...times },
      consentEvent(visitor, agent, access),
    );
  }

  async #deny({ visitor, agent, access }: AskedOfUser & { readonly visitor: Visitor }): Promise<void> {
    const event = { ...consentEvent(visitor, agent, access), scopesGranted: [], outcome: 'rejected' as const };
    await this.parts.record(event);
  }
}

/** Seconds that a token of the agent may live: none outlives the consent. */
function longestToken({ edges }: ServerConfig, agent: string): number {
  const own = edges.filter(({ client }) => client === agent);
  return Math.max(...own.map(({ timeToLive = DEFAULT_TIME_TO_LIVE }) => timeToLive));
}

function consentEvent({ user: subject }: Visitor, agent: string, access: readonly Access[]) {
  return {
    type: 'consent' as const,
    outcome: 'accepted' as const,
    decidedBy: 'user' as const,
    subject,
    clientId: agent,
    agent,
    targets: [...new Set(access.map(({ audience }) => audience))],
    scopesGranted: [...new Set(access.map(({ scope }) => scope))],
    ...claimedTrace(),
  };
}

/** A form of one agent's page is none of another's. */
function purposeOf({ session }: Visitor, agent: string): string {
  return `${session} for the agent ${agent}`;
}

function send(response: Response, body: string, status = 200): void {
  response.status(status);
  response.set({ 'cache-control': 'no-store', 'content-security-policy': pagePolicy() }).type('html').send(body);
}
