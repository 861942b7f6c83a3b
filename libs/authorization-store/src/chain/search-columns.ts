import type { AuditField } from '@onbehalf/authorization-ports';
import { indexable } from '../database/hash.js';
import { auditColumn } from '../tables/declare-tables.js';

type Members = Readonly<Record<string, unknown>>;
type Values = Readonly<Record<string, string | number | null>>;

/** The columns of every audit trail that repeat members of the event, so that records can be found by them. */
const STANDARD = {
  type: (event: Members) => text(event['type']) ?? '',
  outcome: (event: Members) => text(event['outcome']),
  client_id: (event: Members) => text(event['clientId']),
  subject: (event: Members) => text(event['subject']),
  actor: (event: Members) => text(currentActor(event['actors'])),
  jti: (event: Members) => text(event['issuedTokenId']),
  parent_jti: (event: Members) => text(event['subjectTokenId']),
  trace_id: (event: Members) => text(event['traceId']),
  subject_life: (event: Members) => whole(event['subjectLife']),
} as const;

const STANDARD_COLUMNS = Object.entries(STANDARD);

/** The values of the columns that every trail has. */
export type StandardColumns = { -readonly [Column in keyof typeof STANDARD]: ReturnType<(typeof STANDARD)[Column]> };

/** What records are searched by. The values follow from the event, so that verification can compare them. */
export class SearchColumns {
  readonly #declared: ReadonlyMap<string, string>;

  constructor(fields: readonly AuditField[] = []) {
    const searchable = fields.filter((field) => field.searchable);
    this.#declared = new Map(searchable.map((field) => [auditColumn(field), field.name]));
  }

  get names(): readonly string[] {
    return [...Object.keys(STANDARD), ...this.#declared.keys()];
  }

  /** The column of a declared field; `undefined` when records are not searched by it. */
  columnOf(field: string): string | undefined {
    return [...this.#declared].find(([, name]) => name === field)?.[0];
  }

  of(event: Members): StandardColumns {
    const values: Record<string, string | number | null> = {};
    for (const [column, value] of STANDARD_COLUMNS) values[column] = value(event);
    for (const [column, member] of this.#declared) values[column] = text(event[member]);
    return values as StandardColumns;
  }

  /** The column that does not repeat what the event says; one that was declared after the record was written may be empty. */
  misfit(event: Members, row: object): string | undefined {
    const values = row as Values;
    const [wrong] =
      Object.entries(this.of(event)).find(
        ([column, value]) => values[column] !== value && !(this.#declared.has(column) && values[column] === null),
      ) ?? [];
    return wrong;
  }
}

function currentActor(actors: unknown): unknown {
  return Array.isArray(actors) ? (actors[0] as { sub?: unknown } | null | undefined)?.sub : undefined;
}

function whole(value: unknown): number | null {
  return Number.isSafeInteger(value) ? (value as number) : null;
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? indexable(value) : null;
}
