import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { Rule } from '../decision/rule.js';
import { actorRule } from './actor.rule.js';
import { authenticationRule } from './authentication.rule.js';
import { clientRule } from './client.rule.js';
import { delegationCycleRule } from './delegation-cycle.rule.js';
import { delegationDepthRule } from './delegation-depth.rule.js';
import { impersonatedReachRule, impersonatedSubjectRule } from './impersonated.rule.js';
import { givenGrantRule, takenGrantRule } from './grant.rule.js';
import { impersonationRule } from './impersonation.rule.js';
import { boundClientRule, keyBindingRule } from './key-binding.rule.js';
import { mayActRule } from './may-act.rule.js';
import { entitlementRule, requestedScopeRule, requiredScopeRule } from './scope.rule.js';
import { subjectAudienceRule } from './subject-audience.rule.js';
import { subjectIssuerRule } from './subject-issuer.rule.js';
import { sharedTokenRule, targetRule } from './target.rule.js';
import { actorStateRule, subjectStateRule } from './token-state.rule.js';
import { requestedTypeRule, subjectTypeRule } from './token-type.rule.js';

/**
 * Every rule of this library but the last, in the order in which they judge. They judge every exchange; rules of others come after them, and then
 * {@link finalRules}.
 */
export const standardRules: readonly Rule[] = [
  clientRule,
  boundClientRule,
  subjectStateRule,
  subjectAudienceRule,
  targetRule,
  sharedTokenRule,
  subjectTypeRule,
  subjectIssuerRule,
  requestedTypeRule,
  actorStateRule,
  actorRule,
  mayActRule,
  delegationDepthRule,
  delegationCycleRule,
  impersonationRule,
  impersonatedReachRule,
  keyBindingRule,
  authenticationRule,
  requestedScopeRule,
  requiredScopeRule,
  entitlementRule,
  takenGrantRule,
  givenGrantRule,
];

/** Judge after the rules of others. */
export const finalRules: readonly Rule[] = [impersonatedSubjectRule];

/**
 * The rules of this library, and these among them: none can be left out, and a record that names a rule names one.
 * @throws ConfigurationError when two rules have one name
 */
export function withStandardRules(additional: readonly Rule[]): readonly Rule[] {
  const rules = [...standardRules, ...additional, ...finalRules];
  const names = rules.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new ConfigurationError('additionalRules', twice, 'a name that no other rule has');
  return rules;
}
