import { deny, type Rule } from '@onbehalf/token-exchange';

/** A ticket is taken at the gate that the edge names. */
export const gateRule: Rule = {
  name: 'tickets-gate',
  judge({ subject, targets }) {
    if (subject.details['ticketNumber'] === undefined) return undefined;
    const gates = targets.map(({ edge }) => (edge?.extensions?.['tickets'] as { gate: string } | undefined)?.gate);
    return gates.every((gate) => gate === undefined || gate === subject.details['gate'])
      ? undefined
      : deny('invalid_request', 'The ticket is for another gate');
  },
};
