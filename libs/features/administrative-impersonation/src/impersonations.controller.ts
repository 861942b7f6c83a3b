import {
  ConflictException,
  Delete,
  ForbiddenException,
  Get,
  Header,
  HttpCode,
  Inject,
  NotFoundException,
  Param,
  Post,
  Query,
  UseGuards,
} from '@nestjs/common';
import {
  FEATURE_PARTS,
  parseInput,
  type FeatureEvent,
  type FeatureParts,
  ServerController,
} from '@onbehalf/authorization-server';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { AccessToken, AccessTokenGuard, AnyScope, NoDelegation, Scopes } from '@onbehalf/resource-server';
import { z } from 'zod';
import { SECTION, type AdministrativeImpersonationSettings } from './administrative-impersonation.schema.js';
import { customersLike, rolesAt } from './customers.js';
import { LiveImpersonations } from './live-impersonations.js';
import { SecondPerson } from './second-person.js';
import { viewOf } from './impersonation-view.js';

const STOP = 'impersonation.stop';
/** Not one letter: whoever looks for somebody knows a part of the name. */
const search = z.string('one value').trim().min(2, 'at least 2 characters').max(100, 'no more than 100 characters');
const customersQuery = z.strictObject({ search });

/** What operators see of impersonations, confirm and stop. */
@ServerController('admin/impersonations')
@UseGuards(AccessTokenGuard)
export class ImpersonationsController {
  readonly #parts: FeatureParts<AdministrativeImpersonationSettings>;
  readonly #live: LiveImpersonations;
  readonly #secondPerson: SecondPerson;

  constructor(@Inject(FEATURE_PARTS) parts: FeatureParts<AdministrativeImpersonationSettings>) {
    this.#parts = parts;
    this.#live = new LiveImpersonations(parts);
    this.#secondPerson = new SecondPerson(parts);
  }

  /** Those that are under way. */
  @Get()
  @Scopes('impersonation.read')
  @Header('cache-control', 'no-store')
  async list(): Promise<object> {
    return { impersonations: (await this.#live.list()).map(viewOf) };
  }

  /** Whom an administrator may choose, by a part of the name; told to nobody who could not begin an impersonation. */
  @Get('customers')
  @NoDelegation()
  @Header('cache-control', 'no-store')
  async customers(@Query() query: unknown, @AccessToken() token: VerifiedAccessToken): Promise<object> {
    const { search: text } = parseInput(customersQuery, query);
    const { subject, clientId = '', scopes } = token;
    const isPerson = (await this.#parts.state.account(subject))?.enabled;
    if (!isPerson || !rolesAt(clientId, this.#parts).some((role) => scopes.includes(role))) {
      throw new ForbiddenException(refused('insufficient_scope', 'this token begins no impersonation'));
    }
    return customersLike(text, subject, this.#parts);
  }

  /** Those that wait for a second person. */
  @Get('requests')
  @Scopes('impersonation.read')
  @Header('cache-control', 'no-store')
  async requests(): Promise<object> {
    return { requests: (await this.#secondPerson.list()).map(viewOf) };
  }

  /** Confirms one: by a person, who is another than the administrator. It is on record before it counts. */
  @Post('requests/:id/confirm')
  @Scopes('impersonation.confirm')
  @NoDelegation()
  @HttpCode(204)
  async confirm(@Param('id') id: string, @AccessToken() { subject }: VerifiedAccessToken): Promise<void> {
    const request = await this.#secondPerson.find(id);
    if (!request) throw new NotFoundException(notFound());
    const isPerson = (await this.#parts.state.account(subject))?.enabled;
    if (!isPerson || subject === request.administrator) {
      throw new ForbiddenException(refused('access_denied', 'another person than the administrator has to confirm'));
    }
    if (request.confirmed_by !== null) throw alreadyConfirmed();
    const { administrator: impersonator, subject: of } = request;
    const told = { impersonator, confirmedBy: subject, confirmation: id };
    await this.#parts.record({ type: `${SECTION}.confirmed`, outcome: 'accepted', subject: of, ...told });
    if (!(await this.#secondPerson.confirm(request, subject))) throw alreadyConfirmed();
  }

  /** Stops one, with all that was exchanged from it: whoever may stop any, and the administrator it is of. */
  @Delete(':id')
  @AnyScope(STOP, 'impersonate')
  @HttpCode(204)
  async stop(@Param('id') id: string, @AccessToken() { subject, scopes }: VerifiedAccessToken): Promise<void> {
    const row = await this.#live.find(id);
    if (!row || !(scopes.includes(STOP) || row.administrator === subject)) throw new NotFoundException(notFound());
    const stopped: FeatureEvent = {
      type: `${SECTION}.stopped`,
      outcome: 'accepted',
      clientId: row.client,
      subject: row.subject,
      impersonation: id,
      impersonator: row.administrator,
      stoppedBy: subject,
    };
    await this.#parts.tokens.revoke(id, undefined, stopped);
    await this.#live.end(row);
  }
}

function refused(error: string, description: string): object {
  return { error, error_description: description };
}

function notFound(): object {
  return refused('not_found', 'there is no such impersonation');
}

function alreadyConfirmed(): ConflictException {
  return new ConflictException(refused('invalid_request', 'it is confirmed already'));
}
