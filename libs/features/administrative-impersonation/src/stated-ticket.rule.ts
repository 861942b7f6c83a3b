import { deny, type Rule } from '@onbehalf/token-exchange';
import { ofEdge } from './administrative-impersonation.schema.js';

/** The record names the ticket of an impersonation: plain text, and required where an edge demands it. */
export const statedTicketRule: Rule = {
  name: 'stated-ticket',
  parameters: [{ name: 'ticket', maxLength: 100 }],
  judge({ kind, request, targets }) {
    if (kind !== 'administrative') return undefined;
    const ticket = request.parameters['ticket'];
    // what ends up in an audit trail must not be able to forge a line of it
    if (ticket !== undefined && /\p{C}/u.test(ticket)) return deny('invalid_request', 'ticket must be plain text');
    return ticket === undefined && targets.some(({ edge }) => ofEdge(edge).ticket === 'required')
      ? deny('invalid_request', 'ticket is required for this impersonation')
      : undefined;
  },
};
