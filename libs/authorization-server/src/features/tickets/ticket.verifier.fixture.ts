import type { FeatureParts } from '@onbehalf/authorization-server';
import { TokenRejection } from '@onbehalf/jwt-verification';
import type { TokenFacts, TokenVerifier, VerificationContext } from '@onbehalf/token-exchange';
import { ticketTable, type TicketSettings } from './ticket-table.fixture.js';

export const TICKET_TYPE = 'https://tickets.example/token-types/ticket';

/** Tickets as subject tokens: of several who present one, one gets a token for it. */
export class TicketVerifier implements TokenVerifier {
  readonly types = [TICKET_TYPE];
  readonly parameters = [{ name: 'gate', maxLength: 20 }];
  readonly #parts: FeatureParts<TicketSettings>;

  constructor(parts: FeatureParts<TicketSettings>) {
    this.#parts = parts;
  }

  async verify(token: string, { parameters, explained }: VerificationContext): Promise<TokenFacts> {
    const { own, settings, tables } = this.#parts;
    const key = { number: token };
    const ticket = await (explained ? tables(ticketTable).find(key) : tables(ticketTable).take(key));
    if (!ticket) throw new TokenRejection('claim', 'The ticket is unknown or was used');
    return {
      issuer: own.issuer,
      subject: ticket.holder,
      audiences: [settings.audience],
      expiresAt: ticket.expires_at,
      scopes: ['enter'],
      details: { ticketNumber: ticket.number, gate: parameters['gate'] },
    };
  }
}
