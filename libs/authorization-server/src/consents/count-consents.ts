import type { ConsentStore } from '@onbehalf/authorization-ports';
import type { AuditEvent } from '../audit/audit-event.js';

/** Tells of each consent that is given or withdrawn, once it is on record. */
export function countConsents(store: ConsentStore, count: (event: AuditEvent) => void): ConsentStore {
  return {
    give: async (consent, event) => {
      await store.give(consent, event);
      count(event as AuditEvent);
    },
    of: (subject, life) => store.of(subject, life),
    withdraw: async (subject, clientId, event) => {
      const grants = await store.withdraw(subject, clientId, event);
      if (grants) count(event as AuditEvent);
      return grants;
    },
  };
}
