import type { AuditEvent, ServerAuditTrail } from './audit-event.js';

/** Tells of each event of the trail, once it is on record. Exchanges do not come by here: they are counted on their own. */
export function countEvents(trail: ServerAuditTrail, count: (event: AuditEvent) => void): ServerAuditTrail {
  return {
    append: async (event) => {
      const receipt = await trail.append(event);
      count(event);
      return receipt;
    },
    recordIssued: async (event, token) => {
      const recorded = await trail.recordIssued(event, token);
      if (recorded) count(event);
      return recorded;
    },
    recordWith: async (event, work) => {
      const result = await trail.recordWith(event, work);
      count(event);
      return result;
    },
    query: (query) => trail.query(query),
    export: (query) => trail.export(query),
    tree: (traceId) => trail.tree(traceId),
    usedClients: (subject, life) => trail.usedClients(subject, life),
    archivedBefore: () => trail.archivedBefore(),
    find: (writer, sequence) => trail.find(writer, sequence),
  };
}
