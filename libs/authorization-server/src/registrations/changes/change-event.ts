import { isDeepStrictEqual } from 'node:util';
import type { RegistrationChange } from '@onbehalf/authorization-ports';
import type { RegistrationChangeEvent } from '../../audit/audit-event.js';
import type { Registration } from '../documents/registration.js';

/** Who changes something, for the audit record. */
export interface Operator {
  readonly subject: string;
  readonly clientId: string;
}

/** What the audit trail says of a change: what was done, by whom, and which members it changed. */
export function changeEvent(
  { kind, id, document }: RegistrationChange,
  current: Registration | undefined,
  operation: string,
  operator: Operator,
): RegistrationChangeEvent {
  return {
    type: 'registration_change',
    outcome: 'accepted',
    operation,
    registrationKind: kind,
    registrationId: id,
    changed: changedMembers(current?.document, document as Registration['document'] | undefined),
    ...(kind === 'user' && { subject: id }),
    operator: operator.subject,
    clientId: operator.clientId,
  };
}

/** The names of the members that are not what they were; none of something that is new or gone as a whole. */
function changedMembers(before: Registration['document'] | undefined, after: typeof before): string[] {
  if (!before || !after) return [];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !isDeepStrictEqual(before[name], after[name])).sort();
}
