import { Body, Get, Header, Inject, Put, UseGuards } from '@nestjs/common';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { AccessToken, AccessTokenGuard, Scopes } from '@onbehalf/resource-server';
import { z } from 'zod';
import type { ServerAuditTrail } from '../audit/audit-event.js';
import { ServerController } from '../pages/server-controller.decorator.js';
import { AUDIT_TRAIL, LOG_LEVELS } from '../ports/injection-tokens.js';
import type { LogLevels } from '../ports/log-levels.js';
import { badRequest, parseInput } from '../protocol/bad-request.js';
import { notFound } from './registration-answers.js';

/** Seconds: nobody is to find debug on after a weekend. */
const LONGEST = 24 * 3600;

const change = z.strictObject({
  level: z.string('a level'),
  for: z.int('whole seconds').min(1, 'at least 1 second').max(LONGEST, `no more than ${LONGEST} seconds`).optional(),
});

/** From which level on this process logs. */
interface Level {
  readonly level: string;
  /** When the level before comes back, in seconds since the epoch; absent: it does not. */
  readonly until?: number;
}

/** How much this process logs. Each replica is asked for itself. */
@ServerController('admin/log-level')
@UseGuards(AccessTokenGuard)
export class LogLevelController {
  constructor(
    @Inject(LOG_LEVELS) private readonly levels: LogLevels | undefined,
    @Inject(AUDIT_TRAIL) private readonly trail: ServerAuditTrail,
  ) {}

  @Get()
  @Header('cache-control', 'no-store')
  @Scopes('registrations.read')
  show(): Level {
    return toAnswer(this.#given());
  }

  /** Takes `level`, and `for` how many seconds; without it, until it is set again or the process ends. */
  @Put()
  @Header('cache-control', 'no-store')
  @Scopes('registrations.write')
  async set(@Body() body: unknown, @AccessToken() operator: VerifiedAccessToken): Promise<Level> {
    const given = this.#given();
    const { level, for: seconds } = parseInput(change, body ?? {});
    if (!given.levels.includes(level)) throw badRequest(`level: one of ${given.levels.join(', ')}`);
    const until = seconds === undefined ? {} : { expiresAt: Math.floor(Date.now() / 1000) + seconds };
    // on record before it takes effect
    await this.trail.append({
      type: 'registration_change',
      outcome: 'accepted',
      operation: 'set',
      registrationKind: 'log-level',
      registrationId: level,
      changed: [],
      operator: operator.subject,
      clientId: operator.clientId,
      ...until,
    });
    given.set(level, seconds);
    return toAnswer(given);
  }

  #given(): LogLevels {
    if (!this.levels) throw notFound();
    return this.levels;
  }
}

function toAnswer({ current: level, until }: LogLevels): Level {
  return until === undefined ? { level } : { level, until };
}
