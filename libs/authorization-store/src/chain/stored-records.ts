import { sql, type Kysely, type Selectable, type SelectQueryBuilder } from 'kysely';
import type { AuditRecordTable, Schema } from '../database/schema/schema.js';
import { uniteEvent } from './audit-template.js';

/** A record with its whole event. */
export type WholeRecord = Omit<Selectable<AuditRecordTable>, 'template'>;

/** A record as it is stored, and its template if it has one. */
export type StoredRecord = Selectable<AuditRecordTable> & { readonly template_text: string | null };

/** Records, to be read as {@link wholeRecord} makes them. */
export function storedRecords(database: Kysely<Schema>): SelectQueryBuilder<Schema, 'audit_records', StoredRecord> {
  const text = sql<string | null>`(select a.text from audit_templates a where a.number = audit_records.template)`;
  return database.selectFrom('audit_records').selectAll().select(text.as('template_text'));
}

/** `undefined` for the text of no event: it, or its template, was changed or taken away, or somebody else has written it. */
export function eventIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const event: unknown = JSON.parse(text);
    return typeof event === 'object' && event !== null ? (event as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/** Where its template is not there, the event stays as it is stored, and does not match the hash. */
export function wholeRecord({ template, template_text: text, ...row }: StoredRecord): WholeRecord {
  if (template === null || text === null) return row;
  return { ...row, event: uniteEvent({ template: text, rest: row.event }, row) };
}
