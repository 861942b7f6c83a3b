import type { Actor } from '@onbehalf/oauth-protocol';
import type { Rule } from '../decision/rule.js';
import { deny } from '../decision/verdict.js';
import type { VerifiedExchange } from '../decision/verified-exchange.js';

/** A subject token that says who may act is obeyed; one that does not say leaves it to the edge. RFC 8693 §4.4. */
export const mayActRule: Rule = {
  name: 'may-act',
  judge(exchange) {
    const party = actingParty(exchange);
    const { mayAct } = exchange.subject;
    if (mayAct === undefined || mayAct.some((authorized) => names(authorized, party))) return undefined;
    const reason = `may_act does not name ${party.sub} of ${party.iss}`;
    return deny('invalid_request', 'The subject_token authorizes another party to act', { reason });
  },
};

// who acts openly in a delegation, and unseen in an impersonation
function actingParty(exchange: VerifiedExchange): Required<Omit<Actor, 'sub_profile'>> & Actor {
  const { client, issuer } = exchange;
  if (exchange.kind === 'impersonation') return { sub: client.clientId, iss: issuer, client_id: client.clientId };
  return { client_id: exchange.actorToken?.clientId ?? client.clientId, ...exchange.actor };
}

// every member that may_act states must be equal, and one of them must identify somebody: RFC 8693 §4.4
function names(authorized: Partial<Actor>, party: Actor): boolean {
  if (authorized.sub === undefined && authorized.client_id === undefined) return false;
  return (Object.keys(authorized) as (keyof Actor)[]).every((member) => authorized[member] === party[member]);
}
