import { Delete, Get, HttpCode, HttpException, Inject, Param, Query, UseGuards } from '@nestjs/common';
import {
  InvalidCursor,
  snakeCase,
  type AuditField,
  type AuditPage,
  type AuditReader,
  type AuditRecord,
  type IssuedTokens,
} from '@onbehalf/authorization-ports';
import { systemClock } from '@onbehalf/oauth-protocol';
import { AccessTokenGuard, Scopes } from '@onbehalf/resource-server';
import { z } from 'zod';
import { AUDIT_FIELDS, AUDIT_TRAIL, ISSUED_TOKENS } from '../ports/injection-tokens.js';
import { badRequest, parseInput } from '../protocol/bad-request.js';
import { toActivityLine, type ActivityLine } from './activity-line.js';
import { PersonGuard } from './person.guard.js';
import { CurrentPerson, type Person } from './person.js';
import { SealedPlaces } from './sealed-places.js';
import { ServerController } from '../pages/server-controller.decorator.js';

const DEFAULT_LIMIT = 20;
/** Characters. A sealed place is shorter. */
const LONGEST = 1024;

const value = z.string('one value').min(1, 'a value that is not empty').max(LONGEST, 'a value that was given here');
const paging = {
  cursor: value.optional(),
  limit: z
    .string('one value')
    .regex(/^[1-9]\d?$|^100$/, 'a whole number from 1 to 100')
    .transform(Number)
    .default(DEFAULT_LIMIT),
};

type Asked = z.output<z.ZodObject<typeof paging>>;

const nothing = z.strictObject({});

interface ActivityAnswer {
  readonly activity: readonly ActivityLine[];
  /** Of the next page; absent on the last one. */
  readonly cursor?: string;
  /** ISO 8601. What happened before may be in an archive, and is not listed then; absent while there is no archive. */
  readonly archived_before?: string;
}

/** What was exchanged on behalf of the person who asks, in the present life of the account, and the end of it. */
@ServerController('me/activity')
@UseGuards(AccessTokenGuard, PersonGuard)
export class ActivityController {
  readonly #fields: readonly AuditField[];
  readonly #query;

  constructor(
    @Inject(AUDIT_TRAIL) private readonly trail: AuditReader,
    @Inject(ISSUED_TOKENS) private readonly tokens: IssuedTokens,
    private readonly places: SealedPlaces,
    @Inject(AUDIT_FIELDS) fields: readonly AuditField[],
  ) {
    this.#fields = fields.filter(({ personal }) => personal);
    const searched = this.#fields.filter(({ searchable }) => searchable);
    this.#query = z.strictObject({
      ...Object.fromEntries(searched.map(({ name }) => [snakeCase(name), value.optional()])),
      ...paging,
    });
  }

  /** One page, the newest first; what was refused, too. */
  @Get()
  @Scopes('activity.read')
  async list(@CurrentPerson() person: Person, @Query() query: unknown): Promise<ActivityAnswer> {
    const { records, cursor } = await this.#page(person, parseInput(this.#query, query));
    const activity = await Promise.all(records.map((record) => this.#line(person, record)));
    const archived = await this.trail.archivedBefore();
    return {
      activity,
      ...(cursor !== undefined && { cursor: this.places.seal('page', person, [cursor]) }),
      ...(archived && { archived_before: archived.toISOString() }),
    };
  }

  /** Ends the token that was issued, and what was made from it. What is not the person's own is not there. */
  @Delete(':id')
  @HttpCode(204)
  @Scopes('activity.stop')
  async stop(@CurrentPerson() person: Person, @Param('id') id: string, @Query() query: unknown): Promise<void> {
    parseInput(nothing, query);
    const { event } = (await this.#find(person, id)) ?? notFound();
    const { issuedTokenId: jti, clientId } = event as { issuedTokenId?: string; clientId?: string };
    if (jti === undefined) throw new HttpException(NOTHING_ISSUED, 409);
    const { subject } = person;
    const ended = { subject, clientId, revokedTokenId: jti, reason: 'ended by the person that it was issued for' };
    if ((await this.tokens.standing(jti)).revoked) return;
    await this.tokens.revoke(jti, undefined, { type: 'revocation', outcome: 'accepted', ...ended });
  }

  async #page({ subject, life }: Person, { cursor, limit, ...searched }: Asked): Promise<AuditPage> {
    const [from] = cursor === undefined ? [] : (this.places.open('page', { subject, life }, cursor) ?? invalidCursor());
    const values = searched as Readonly<Record<string, string | undefined>>;
    const fields = Object.fromEntries(this.#fields.map(({ name }) => [name, values[snakeCase(name)]]));
    return this.trail.query({ subject, subjectLife: life, fields, cursor: from as string | undefined, limit });
  }

  async #line(person: Person, record: AuditRecord): Promise<ActivityLine> {
    const { writer, sequence, event } = record;
    const id = this.places.seal('line', person, [writer, sequence]);
    return toActivityLine(record, { id, active: await this.#isActive(event), fields: this.#fields });
  }

  async #isActive({ issuedTokenId: jti, expiresAt }: AuditRecord['event']): Promise<boolean> {
    if (typeof jti !== 'string' || typeof expiresAt !== 'number' || expiresAt <= systemClock()) return false;
    const { known, revoked } = await this.tokens.standing(jti);
    return known && !revoked;
  }

  async #find(person: Person, id: string): Promise<AuditRecord | undefined> {
    const place = id.length > LONGEST ? undefined : this.places.open('line', person, id);
    if (!place) return undefined;
    const record = await this.trail.find(...(place as [string, number]));
    const isOwn = record?.event['subject'] === person.subject && record.event['subjectLife'] === person.life;
    return isOwn ? record : undefined;
  }
}

const NOTHING_ISSUED = { error: 'invalid_request', error_description: 'nothing was issued here' };

function notFound(): never {
  throw new HttpException({ error: 'not_found', error_description: 'there is no such line' }, 404);
}

function invalidCursor(): never {
  throw badRequest(`cursor: ${new InvalidCursor().message}`);
}
