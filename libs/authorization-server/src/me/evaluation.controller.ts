import { Body, Get, HttpCode, HttpException, Inject, Post, Query, Req, UseGuards } from '@nestjs/common';
import { AccessTokenGuard, Scopes } from '@onbehalf/resource-server';
import { changingSteps, TokenExchange, type ExchangePolicy, type Explanation } from '@onbehalf/token-exchange';
import type { Request } from 'express';
import { z } from 'zod';
import type { AuditReader } from '@onbehalf/authorization-ports';
import { AUDIT_TRAIL, EXCHANGE_POLICY } from '../ports/injection-tokens.js';
import { parseInput } from '../protocol/bad-request.js';
import { requireJson } from '../protocol/require-json.js';
import { Registrations } from '../registrations/live/registrations.js';
import { OwnSession } from './own-session.js';
import { PersonGuard } from './person.guard.js';
import { CurrentPerson, type Person } from './person.js';
import { ServerController } from '../pages/server-controller.decorator.js';

/** Characters of a request. */
const LONGEST_REQUEST = 8 * 1024;

const name = z.string('a string').min(1, 'a value that is not empty').max(2048, 'no more than 2048 characters');
const names = z.union([name, z.array(name).max(8, 'no more than 8')], 'a string or a list of strings').default([]);
const evaluation = z.strictObject(
  {
    client_id: name,
    audience: names,
    resource: names,
    scope: z.string('a string').max(2048, 'no more than 2048 characters').optional(),
    subject_audience: name.optional(),
    steps: z.literal('all', 'all, or nothing').optional(),
  },
  'a JSON object is expected',
);
const nothing = z.strictObject({});

/** A client that exchanged something for the person, and what it may be asked for. */
interface UsedClient {
  readonly client_id: string;
  readonly subject_audiences: readonly string[];
  readonly targets: readonly string[];
}

/** What an exchange would come to for the person who asks, by clients that it has used, without issuing anything. */
@ServerController('me')
@UseGuards(AccessTokenGuard, PersonGuard)
export class EvaluationController {
  constructor(
    private readonly exchange: TokenExchange,
    private readonly session: OwnSession,
    private readonly registrations: Registrations,
    @Inject(EXCHANGE_POLICY) private readonly policy: ExchangePolicy,
    @Inject(AUDIT_TRAIL) private readonly trail: AuditReader,
  ) {}

  /** The clients that got something on the person's behalf. */
  @Get('clients')
  @Scopes('exchange.evaluate')
  async clients(
    @CurrentPerson() person: Person,
    @Query() query: unknown,
  ): Promise<{ readonly clients: readonly UsedClient[] }> {
    parseInput(nothing, query);
    const { edges } = this.registrations.current.config;
    const used = await this.trail.usedClients(person.subject, person.life);
    const clients = used.flatMap((id) => {
      const client = this.policy.client(id);
      if (!client?.enabled) return [];
      const targets = edges.filter((edge) => edge.enabled && edge.client === id).map(({ target }) => target);
      return [{ client_id: id, subject_audiences: client.represents, targets: [...new Set(targets)] }];
    });
    return { clients };
  }

  /** Takes JSON only, see {@link requireJson}. */
  @Post('evaluate')
  @HttpCode(200)
  @Scopes('exchange.evaluate')
  async evaluate(
    @CurrentPerson() person: Person,
    @Query() query: unknown,
    @Body() body: unknown,
    @Req() request: Request,
  ): Promise<Explanation & { readonly subject_audience: string }> {
    requireJson(request, body, LONGEST_REQUEST);
    parseInput(nothing, query);
    const asked = parseInput(evaluation, body);
    const client = this.policy.client(asked.client_id);
    const used = await this.trail.usedClients(person.subject, person.life);
    if (!client || !used.includes(client.clientId)) throw new HttpException(NEVER_USED, 404);
    const audiences = asked.subject_audience === undefined ? client.represents : [asked.subject_audience];
    const subject = await this.session.subjectFor(person, audiences);
    if (!subject) throw new HttpException(NO_TOKEN, 409);
    // whoever exchanges a bound token holds its key
    const proof = subject.confirmation ?? {};
    const explanation = await this.exchange.explain(toForm(asked), client, { subject, proof });
    const { steps } = explanation;
    return {
      ...explanation,
      subject_audience: subject.audiences.find((audience) => audiences.includes(audience))!,
      steps: asked.steps === 'all' ? steps : changingSteps(steps),
    };
  }
}

const NEVER_USED = { error: 'not_found', error_description: 'you have used no such client' };
const NO_TOKEN = {
  error: 'invalid_request',
  error_description: 'this session has no token that the client could exchange',
};

function toForm({ audience, resource, scope }: z.output<typeof evaluation>): URLSearchParams {
  const form = new URLSearchParams();
  for (const target of [audience].flat()) form.append('audience', target);
  for (const target of [resource].flat()) form.append('resource', target);
  if (scope !== undefined) form.append('scope', scope);
  return form;
}
