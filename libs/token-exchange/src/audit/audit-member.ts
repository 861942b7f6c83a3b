import type { IssuedToken } from '../issuers/issued-token.js';
import type { Progress } from './progress.js';
import { recordable } from './recordable.js';

/** What may stand in a record. Never a token or a secret. */
export type AuditValue = string | number | boolean | readonly string[];

/** A member of the record of an exchange, beside those that every record has. */
export interface AuditMember {
  /** In camelCase, as it stands in the record. */
  readonly name: string;
  /** Its value by how far the exchange came, and by what was issued; `undefined`: the record goes without it. */
  of(reached: Progress, issued?: IssuedToken): AuditValue | undefined;
}

/** The declared members as they stand in the record. */
export function toldMembers(
  members: readonly AuditMember[],
  reached: Progress,
  issued?: IssuedToken,
): Readonly<Record<string, AuditValue>> {
  const told = members.flatMap((member) => {
    const value = member.of(reached, issued);
    return value === undefined ? [] : [[member.name, recordableValue(value)] as const];
  });
  return Object.fromEntries(told);
}

function recordableValue(value: AuditValue): AuditValue {
  if (typeof value === 'string') return recordable(value);
  return typeof value === 'object' ? value.map(recordable) : value;
}
