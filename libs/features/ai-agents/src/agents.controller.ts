import {
  Body,
  Get,
  Header,
  HttpCode,
  HttpException,
  Inject,
  NotFoundException,
  Param,
  Post,
  UseGuards,
} from '@nestjs/common';
import {
  answerMistakes,
  FEATURE_PARTS,
  RegistrationChanges,
  type FeatureEvent,
  type FeatureParts,
  type ServerConfig,
  ServerController,
} from '@onbehalf/authorization-server';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { AccessToken, AccessTokenGuard, Scopes } from '@onbehalf/resource-server';
import { z } from 'zod';
import { accessOf, isAgent, SECTION, type AiAgentsSettings } from './ai-agents.schema.js';

const READ = 'agents.read';
const STOP = 'agents.stop';

const stopping = z.strictObject({
  reason: z.string('a text').min(1, 'a text that is not empty').max(200, 'no more than 200 characters').optional(),
});

/** What operators see of AI agents, and how they stop one. */
@ServerController('admin/agents')
@UseGuards(AccessTokenGuard)
export class AgentsController {
  constructor(
    @Inject(FEATURE_PARTS) private readonly parts: FeatureParts<AiAgentsSettings>,
    @Inject(RegistrationChanges) private readonly changes: RegistrationChanges,
  ) {}

  /** All of them, with what each can be allowed. */
  @Get()
  @Scopes(READ)
  @Header('cache-control', 'no-store')
  list(): object {
    const config = this.parts.config();
    return { agents: config.clients.filter(isAgent).map((agent) => viewOf(config, agent)) };
  }

  /**
   * Stops one: it is not let in any more, and everything that it holds has ended, with all that was exchanged from that, and what users
   * have allowed it. Only an operator can let it in again.
   */
  @Post(':id/stop')
  @HttpCode(204)
  @Scopes(STOP)
  async stop(
    @Param('id') id: string,
    @Body() body: unknown,
    @AccessToken() operator: VerifiedAccessToken,
  ): Promise<void> {
    const { reason } = readBody(body);
    await this.#setEnabled(id, false, operator);
    const told = { ...(reason !== undefined && { agentStopReason: reason }) };
    await this.#record('stopped', id, operator, told);
  }

  /** Lets one in again. It begins anew: users are asked before it acts for them. */
  @Post(':id/resume')
  @HttpCode(204)
  @Scopes(STOP)
  async resume(@Param('id') id: string, @AccessToken() operator: VerifiedAccessToken): Promise<void> {
    await this.#setEnabled(id, true, operator);
    await this.#record('resumed', id, operator);
  }

  async #setEnabled(id: string, enabled: boolean, operator: VerifiedAccessToken): Promise<void> {
    const agent = this.parts.config().clients.find(({ clientId }) => clientId === id);
    if (!agent || !isAgent(agent)) throw new NotFoundException(refused('not_found', 'there is no such AI agent'));
    await answerMistakes(this.changes.setEnabled('client', id, enabled, operator));
  }

  async #record(what: string, agent: string, { subject, clientId }: VerifiedAccessToken, told = {}): Promise<void> {
    const event: FeatureEvent = { type: `${SECTION}.${what}`, outcome: 'accepted', clientId, agent, ...told };
    await this.parts.record({ ...event, agentOperator: subject });
  }
}

function viewOf(config: ServerConfig, { clientId, owner, enabled }: ServerConfig['clients'][number]): object {
  return { client_id: clientId, owner, enabled, access: accessOf(config, clientId) };
}

function readBody(body: unknown): z.output<typeof stopping> {
  const { data, error } = stopping.safeParse(body ?? {});
  if (data) return data;
  const [issue] = error.issues;
  throw new HttpException(refused('invalid_request', `${issue?.path.join('.')}: ${issue?.message}`), 400);
}

function refused(error: string, description: string): object {
  return { error, error_description: description };
}
