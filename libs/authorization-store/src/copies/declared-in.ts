import type { AuditField, TableDeclaration } from '@onbehalf/authorization-ports';
import { auditColumn, readDeclarations } from '../tables/declare-tables.js';
import type { SqliteSource } from './sqlite-source.js';

/** Rows of one page. */
const PAGE = 500;

/** What features have declared in a file, those among them that the server to come does not have: what they stored moves, too. */
export function declaredIn(source: SqliteSource): { tables: TableDeclaration[]; auditFields: AuditField[] } {
  const rows = [...source.pages('declarations', PAGE)].flat();
  const { tables, fields } = readDeclarations(
    new Map(rows.map((row) => [String(row['name']), String(row['declaration'])])),
  );
  return { tables, auditFields: fields.map((name) => toField(source, name)) };
}

/** A declaration keeps only the name of a field; the index tells whether its values are lists, which are not sorted by. */
function toField(source: SqliteSource, name: string): AuditField {
  const field = { name, description: '', searchable: true };
  const isList = !source.indexed(`audit_records_by_${auditColumn(field)}`).includes(auditColumn(field));
  return isList ? { name, description: '', foundBy: name } : field;
}
