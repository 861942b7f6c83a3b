import type { AuditField } from '@onbehalf/authorization-ports';
import { indexable } from '../database/statements/hash.js';
import { auditColumn, hasColumn } from '../tables/declare-tables.js';

type Members = Readonly<Record<string, unknown>>;
type Values = Readonly<Record<string, string | number | null>>;

/** The columns of every audit trail that repeat members of the event, so that records can be found by them. */
const standardColumns = (event: Members) => ({
  type: text(event['type']) ?? '',
  outcome: text(event['outcome']),
  client_id: text(event['clientId']),
  subject: text(event['subject']),
  actor: text(currentActor(event['actors'])),
  jti: text(event['issuedTokenId']),
  parent_jti: text(event['subjectTokenId']),
  trace_id: text(event['traceId']),
  subject_life: whole(event['subjectLife']),
});

const STANDARD = Object.keys(standardColumns({}));

/** The values of the columns that every trail has. */
export type StandardColumns = ReturnType<typeof standardColumns>;

/** What records are searched by. The values follow from the event, so that verification can compare them. */
export class SearchColumns {
  readonly #declared: ReadonlyMap<string, AuditField>;
  readonly #none: Readonly<Record<string, null>>;

  constructor(fields: readonly AuditField[] = []) {
    this.#declared = new Map(fields.filter(hasColumn).map((field) => [auditColumn(field), field]));
    this.#none = Object.fromEntries([...this.#declared.keys()].map((column) => [column, null]));
  }

  /** The columns of every trail. */
  readonly standard: readonly string[] = STANDARD;

  get names(): readonly string[] {
    return [...STANDARD, ...this.#declared.keys()];
  }

  /** Those that features have declared. */
  get declared(): readonly string[] {
    return [...this.#declared.keys()];
  }

  /** Whether a record has columns beside those that every trail has. */
  tellsDeclared(row: object): boolean {
    for (const column of this.#declared.keys()) if (column in row) return true;
    return false;
  }

  /** The column of a declared field; `undefined` when records are not searched by it. */
  columnOf(field: string): string | undefined {
    return this.#columns(({ name, searchable }) => searchable === true && name === field)[0];
  }

  /** The columns of lists of which each value is found by a field; each holds {@link listed} values. */
  listsOf(field: string): readonly string[] {
    return this.#columns(({ foundBy }) => foundBy === field);
  }

  #columns(isMeant: (field: AuditField) => boolean): string[] {
    return [...this.#declared].filter(([, field]) => isMeant(field)).map(([column]) => column);
  }

  /** Declared columns are left out where the event does not tell them. */
  of(event: Members): StandardColumns {
    const values: StandardColumns & Record<string, string | number | null> = standardColumns(event);
    for (const [column, { name, foundBy }] of this.#declared) {
      const told = event[name];
      if (told !== undefined) values[column] = foundBy === undefined ? text(told) : list(told);
    }
    return values;
  }

  /**
   * The column that does not repeat what the event says.
   * @param written the declared ones that its process writes: any other may have been declared later, and be empty
   */
  misfit(event: Members, row: object, written: ReadonlySet<string>): string | undefined {
    const mayBeEmpty = (column: string): boolean => this.#declared.has(column) && !written.has(column);
    const values = row as Values;
    const [wrong] =
      Object.entries({ ...this.#none, ...this.of(event) }).find(
        ([column, value]) => values[column] !== value && !(mayBeEmpty(column) && values[column] === null),
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

/** A value as it stands in the column of a list: no other value holds it. */
export function listed(value: string): string {
  return `\n${JSON.stringify(indexable(value))}\n`;
}

function list(values: unknown): string | null {
  const texts = Array.isArray(values) ? values.filter((value) => typeof value === 'string') : [];
  return texts.length === 0 ? null : texts.map(listed).join('');
}
