import type { IssuedToken } from '../issuers/issued-token.js';
import type { Progress } from './progress.js';
import { ExchangeRefusal } from '../refusal/exchange-refusal.js';
import { recordable } from './recordable.js';

/** What may stand in a record. Never a token or a secret. */
export type AuditValue = string | number | boolean | readonly string[];

/** A member of the record of an exchange, beside those that every record has. */
export interface AuditMember {
  /** In camelCase, as it stands in the record. */
  readonly name: string;
  /** Its value, by how far the exchange came and what was issued, or why nothing was. `undefined`: the record has no such member. */
  of(reached: Progress, issued?: IssuedToken, refusal?: ExchangeRefusal): AuditValue | undefined;
}

/** The declared members as they stand in the record. */
export function toldMembers(
  members: readonly AuditMember[],
  reached: Progress,
  outcome: IssuedToken | ExchangeRefusal,
): Readonly<Record<string, AuditValue>> {
  const refusal = outcome instanceof ExchangeRefusal ? outcome : undefined;
  const issued = outcome instanceof ExchangeRefusal ? undefined : outcome;
  const told = members.flatMap((member) => {
    const value = member.of(reached, issued, refusal);
    return value === undefined ? [] : [[member.name, recordableValue(value)] as const];
  });
  return Object.fromEntries(told);
}

function recordableValue(value: AuditValue): AuditValue {
  if (typeof value === 'string') return recordable(value);
  return typeof value === 'object' ? value.map(recordable) : value;
}
