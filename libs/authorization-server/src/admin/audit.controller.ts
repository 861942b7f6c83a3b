import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { Get, Header, Inject, Param, Query, Res, UseGuards } from '@nestjs/common';
import {
  type AuditField,
  type AuditNode,
  type AuditPage,
  type AuditQuery,
  type AuditReader,
  type AuditRecord,
  InvalidCursor,
  snakeCase,
} from '@onbehalf/authorization-ports';
import { AccessTokenGuard, Scopes } from '@onbehalf/resource-server';
import type { Response } from 'express';
import { z } from 'zod';
import { AUDIT_FIELDS, AUDIT_TRAIL } from '../ports/injection-tokens.js';
import { sentenceOf } from '../audit/audit-sentence.js';
import { badRequest, parseInput } from '../protocol/bad-request.js';
import { ServerController } from '../pages/server-controller.decorator.js';

const AUDIT_READ = 'audit.read';
/** The header of an export. */
const ARCHIVED_BEFORE = 'audit-archived-before';

interface Archived {
  /** ISO 8601. Records before this time may be in archives, and not in the answer; absent while there is no archive. */
  readonly archivedBefore?: string;
}

const value = z.string('one value').min(1, 'a value that is not empty');
const time = z.iso
  .datetime({ offset: true, error: 'a time such as 2026-01-31T12:00:00Z' })
  .transform((t) => new Date(t));

const filters = {
  type: value.optional(),
  outcome: value.optional(),
  subject: value.optional(),
  client_id: value.optional(),
  actor: value.optional(),
  jti: value.optional(),
  trace_id: value.optional(),
  from: time.optional(),
  to: time.optional(),
};

type Filters = z.output<z.ZodObject<typeof filters>>;

const paging = {
  cursor: value.optional(),
  limit: z
    .string('one value')
    .regex(/^[1-9]\d{0,2}$|^1000$/, 'a whole number from 1 to 1000')
    .transform(Number)
    .optional(),
};

/** Reads the audit trail. For operators; a filter that is misspelt is refused, not ignored. */
@ServerController('admin/audit')
@UseGuards(AccessTokenGuard)
export class AuditController {
  readonly #fields: readonly AuditField[];
  readonly #exportQuery;
  readonly #pageQuery;

  constructor(
    @Inject(AUDIT_TRAIL) private readonly trail: AuditReader,
    @Inject(AUDIT_FIELDS) fields: readonly AuditField[],
  ) {
    this.#fields = fields.filter(({ searchable }) => searchable);
    const declared = Object.fromEntries(this.#fields.map(({ name }) => [snakeCase(name), value.optional()]));
    this.#exportQuery = z.strictObject({ ...declared, ...filters });
    this.#pageQuery = this.#exportQuery.extend(paging);
  }

  /** One page of the records that match, the newest first. */
  @Get()
  @Header('cache-control', 'no-store')
  @Scopes(AUDIT_READ)
  async query(@Query() query: unknown): Promise<AuditPage & Archived> {
    const { cursor, limit, ...rest } = parseInput(this.#pageQuery, query);
    try {
      const page = await this.trail.query({ ...this.#toQuery(rest), cursor, limit });
      return { ...page, records: page.records.map(withSentence), ...(await this.#archived()) };
    } catch (error) {
      if (error instanceof InvalidCursor) throw badRequest(`cursor: ${error.message}`);
      throw error;
    }
  }

  /**
   * What happened under one trace id as a tree: below each record those that were made from the token that it issued. The id is
   * what the callers claimed (`traceparent`): anybody may claim any.
   */
  @Get('traces/:traceId')
  @Header('cache-control', 'no-store')
  @Scopes(AUDIT_READ)
  async trace(@Param('traceId') claimedTraceId: string): Promise<object> {
    const { nodes, cut } = await this.trail.tree(claimedTraceId);
    return { claimedTraceId, exchanges: nodes.map(nodeWithSentence), cut, ...(await this.#archived()) };
  }

  /**
   * All records that match, the oldest first, one JSON object a line, at the pace of whoever reads. A header says until when others may
   * be in archives.
   */
  @Get('export')
  @Scopes(AUDIT_READ)
  async export(@Query() query: unknown, @Res() response: Response): Promise<void> {
    const lines = toLines(this.trail.export(this.#toQuery(parseInput(this.#exportQuery, query))));
    // what cannot be read is an error as long as nothing was sent
    const first = await lines.next();
    const { archivedBefore } = await this.#archived();
    response.set({ 'content-type': 'application/jsonl; charset=utf-8', 'cache-control': 'no-store' });
    if (archivedBefore !== undefined) response.set(ARCHIVED_BEFORE, archivedBefore);
    if (first.done) return void response.end();
    response.write(first.value);
    // an export that breaks off is cut, so that nobody takes it for a whole one
    await pipeline(Readable.from(lines), response).catch(() => response.destroy());
  }

  async #archived(): Promise<Archived> {
    const time = await this.trail.archivedBefore();
    return time ? { archivedBefore: time.toISOString() } : {};
  }

  #toQuery({ client_id, trace_id, type, outcome, subject, actor, jti, from, to, ...declared }: Filters): AuditQuery {
    const values = declared as Readonly<Record<string, string | undefined>>;
    const fields = Object.fromEntries(this.#fields.map(({ name }) => [name, values[snakeCase(name)]]));
    return { client: client_id, traceId: trace_id, type, outcome, subject, actor, jti, from, to, fields };
  }
}

async function* toLines(records: AsyncIterable<AuditRecord>): AsyncGenerator<string> {
  for await (const record of records) yield `${JSON.stringify(withSentence(record))}\n`;
}

/** With what it tells people; the hash covers the event alone. */
function withSentence(record: AuditRecord): AuditRecord & { readonly sentence: string } {
  return { ...record, sentence: sentenceOf(record.event) };
}

function nodeWithSentence({ record, children }: AuditNode): AuditNode {
  return { record: withSentence(record), children: children.map(nodeWithSentence) };
}
