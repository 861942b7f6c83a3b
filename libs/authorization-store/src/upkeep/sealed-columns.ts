import { SealBroken, type TableDeclaration } from '@onbehalf/authorization-ports';
import { headText } from '../chain/audit-chain.js';
import { checkpointText } from '../chain/checkpoints.js';
import { providerPlace } from '../provider/provider-adapter.js';
import type { Sealed, SealingKeys } from '../sealing/sealing-keys.js';
import { sharedSecretPlace } from '../keys/shared-secrets.js';
import { signingKeyPlace } from '../keys/sql-signing-key-store.js';
import { placeOf, sealedColumns, sealedWith, storedName } from '../tables/table-columns.js';

/** A row with its key and what is sealed in it. */
export type SealedRow = Readonly<Record<string, string | number>>;

/** A table with a column that is sealed. */
export interface SealedColumn {
  readonly table: string;
  readonly key: readonly string[];
  readonly column: string;
  /** The column that tells which key it is sealed with. */
  readonly sealedWith: string;
  /** Seals a value with the current key. @throws SealBroken */
  readonly reseal: (row: SealedRow, sealing: SealingKeys) => Sealed;
}

const COLUMNS: readonly SealedColumn[] = [
  encrypted('provider_records', ['model', 'id_hash'], 'payload', providerPlace),
  encrypted('signing_keys', ['kid'], 'private_jwk', signingKeyPlace),
  encrypted('shared_secrets', ['name'], 'value', sharedSecretPlace),
  authenticated('audit_heads', ['writer', 'sequence', 'hash'], (row) =>
    headText(row.writer, { sequence: Number(row.sequence), hash: row.hash }),
  ),
  authenticated('audit_checkpoints', ['writer', 'sequence', 'hash', 'archive'], (row) =>
    checkpointText({ ...row, sequence: Number(row.sequence) }),
  ),
];

/** Every column of a database that is sealed. */
export function allSealed(tables: readonly TableDeclaration[]): readonly SealedColumn[] {
  return [...COLUMNS, ...tables.flatMap(declared)];
}

function encrypted(
  table: string,
  key: readonly string[],
  column: string,
  place: (...names: [string, string]) => string,
): SealedColumn {
  const stands = (row: SealedRow) => place(...(key.map((name) => row[name]) as [string, string]));
  return encryptedAt(stands, { table, key, column, sealedWith: 'sealed_with' });
}

function declared(table: TableDeclaration): SealedColumn[] {
  return sealedColumns(table).map((column) => {
    const at = { table: storedName(table), key: table.key, column, sealedWith: sealedWith(column) };
    return encryptedAt((row) => placeOf(table, column, row), at);
  });
}

function encryptedAt(stands: (row: SealedRow) => string, at: Omit<SealedColumn, 'reseal'>): SealedColumn {
  const reseal = (row: SealedRow, sealing: SealingKeys) => {
    const sealed = { value: String(row[at.column]), sealedWith: String(row[at.sealedWith]) };
    return sealing.seal(sealing.open(sealed, stands(row)), stands(row));
  };
  return { ...at, reseal };
}

/** What is not encrypted, but has a seal. Only where the old one is right there is a new one. */
function authenticated<Column extends string>(
  table: string,
  key: readonly Column[],
  textOf: (row: Readonly<Record<Column, string>>) => string,
): SealedColumn {
  const reseal = (row: SealedRow, sealing: SealingKeys): Sealed => {
    const text = textOf(row as Readonly<Record<Column, string>>);
    if (row['seal'] !== sealing.authenticate(text, String(row['sealed_with']))) {
      throw new SealBroken(`The row of ${row['writer']} in ${table} was changed`);
    }
    return { value: sealing.authenticate(text), sealedWith: sealing.current };
  };
  return { table, key, column: 'seal', sealedWith: 'sealed_with', reseal };
}
