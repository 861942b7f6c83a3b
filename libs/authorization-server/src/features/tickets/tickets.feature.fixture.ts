import { defineFeature } from '@onbehalf/authorization-server';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { z } from 'zod';
import { gateRule } from './gate.rule.fixture.js';
import { TICKET_GRANT, TicketGrant } from './ticket.grant.fixture.js';
import { ticketTable } from './ticket-table.fixture.js';
import { TicketVerifier } from './ticket.verifier.fixture.js';
import { TicketsController } from './tickets.controller.fixture.js';

// #region feature
/** Tickets: a client buys one for a user, and whoever presents it at the gate exchanges it, once. */
export const tickets = defineFeature({
  name: 'tickets',
  settings: z
    .strictObject({
      audience: z.string().describe('who takes tickets'),
      timeToLive: z.int('whole seconds').positive().default(3600).describe('seconds that a ticket can be used'),
    })
    .optional()
    .describe('tickets that are bought by one client and exchanged by another'),
  members: { edge: z.strictObject({ gate: z.string() }).describe('the gate that tickets are taken at') },
  grantTypes: [TICKET_GRANT],
  tables: [ticketTable],
  audit: [
    {
      name: 'ticketNumber',
      description: 'the ticket that was sold or exchanged',
      searchable: true,
      of: ({ subject }) => subject?.details['ticketNumber'] as string | undefined,
    },
  ],
  check: ({ audience }, { resources }, section) => {
    if (resources.some((resource) => resource.audience === audience)) return;
    throw new ConfigurationError(`${section}.audience`, audience, 'the audience of a registered resource');
  },
  register: (parts) => ({
    grants: [new TicketGrant(parts)],
    verifiers: [new TicketVerifier(parts)],
    rules: [gateRule],
  }),
  metadata: ({ timeToLive }) => ({ ticket_lifetime: timeToLive }),
  module: () => ({ controllers: [TicketsController] }),
  explain: ({ subject }) => subject?.details['ticketNumber'] && { ticket: subject.details['ticketNumber'] },
  reach: ({ audience }, { clients }) =>
    clients
      .filter(({ grantTypes }) => grantTypes.includes(TICKET_GRANT))
      .map(({ clientId }) => ({
        client: clientId,
        subjectAudience: clientId,
        target: audience,
        mode: 'impersonation' as const,
        scopes: { enter: {} },
      })),
});
// #endregion
