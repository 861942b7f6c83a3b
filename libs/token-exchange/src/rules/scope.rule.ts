import { entitledScopes } from '../tokens/entitlement.js';
import type { Rule } from '../decision/rule.js';
import { deny, narrow } from '../decision/verdict.js';
import type { ExchangeFacts } from '../decision/verified-exchange.js';

/** No more than was asked for is granted, and nothing that is not registered may be asked for. RFC 6749 §3.3. */
export const requestedScopeRule: Rule = {
  name: 'requested-scope',
  judge({ request }, limits) {
    if (request.scopes === undefined) return undefined;
    const excessive = request.scopes.filter((scope) => !limits.scopes.includes(scope));
    if (excessive.length === 0) return narrow({ scopes: request.scopes });
    const reason = `not granted for this target: ${excessive.join(' ')}`;
    return deny('invalid_scope', 'The requested scope exceeds what may be granted for this target', { reason });
  },
};

/** A scope is granted to those whose subject token holds what the scope requires. */
export const requiredScopeRule: Rule = {
  name: 'required-scope',
  judge(exchange, limits) {
    const held = limits.scopes.filter((scope) => holdsRequired(exchange, scope));
    if (exchange.request.scopes === undefined || held.length === limits.scopes.length) return narrow({ scopes: held });
    const missing = limits.scopes.filter((scope) => !held.includes(scope));
    const reason = `the subject token does not hold what is required for ${missing.join(' ')}`;
    return deny('invalid_scope', 'The requested scope exceeds what the subject_token allows', { reason });
  },
};

/** No scope is granted that the subject is not entitled to. */
export const entitlementRule: Rule = {
  name: 'entitlement',
  judge: ({ subjectState, targets }, limits) =>
    narrow({
      scopes: targets.reduce((scopes, { resource }) => entitledScopes(scopes, resource, subjectState), limits.scopes),
    }),
};

function holdsRequired({ targets, subject }: ExchangeFacts, scope: string): boolean {
  return targets.every(
    ({ edge }) => edge?.scopes[scope]?.requires?.every((required) => subject.scopes.includes(required)) ?? true,
  );
}
