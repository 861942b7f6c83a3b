export type { ExchangeAuditEvent } from './audit/audit-event.js';
export type { AuditMember, AuditValue } from './audit/audit-member.js';
export type { AuditSink } from './audit/audit-sink.js';
export type { ExplainedRefusal, Explainers, Explanation } from './audit/explanation.js';
export type { Progress, ProgressObserver } from './audit/progress.js';
export { changingSteps, type DecisionPath, type PathStep } from './audit/decision-path.js';
export { omittedOf, recordable, recordableList } from './audit/recordable.js';
export type { Admission, Claim } from './admission/admission.js';
export type { Decision, DecisionStep, Permit } from './decision/decide.js';
export type { Grant } from './decision/grant.js';
export { actingParties } from './decision/delegation.js';
export type { Rule } from './decision/rule.js';
export { deny, narrow, type Denial, type Narrowing, type Verdict } from './decision/verdict.js';
export type * from './decision/verified-exchange.js';
export { AccessTokenIssuer, type JwtIssuerOptions } from './issuers/access-token.issuer.js';
export { exchangeClaims, toIssuedToken } from './issuers/exchange-claims.js';
export { grantClaims, tellsEmail, type GrantIdentity } from './issuers/grant-claims.js';
export type { IssuedToken } from './issuers/issued-token.js';
export type { TokenIssuer, TokenSigner } from './issuers/token-issuer.js';
export { formatTokenResponse, TOKEN_RESPONSE_HEADERS, type TokenResponse } from './issuers/token-response.js';
export * from './policy/policy.js';
export {
  formatRoute,
  reachOf,
  routesTo,
  type Hop,
  type Origin,
  type Reach,
  type Route,
  type Way,
} from './policy/reach.js';
export { RegisteredPolicy, type PolicyRegistrations } from './policy/registered-policy.js';
export { ExchangeRefusal } from './refusal/exchange-refusal.js';
export { authenticatedClient, type AuthenticatedClient } from './request/authenticated-client.js';
export type * from './request/exchange-request.js';
export type { DeclaredParameter } from './request/parameters.js';
export { parseExchangeRequest } from './request/parse-request.js';
export { TokenExchange, type TokenExchangeOptions } from './token-exchange.js';
export type { ExchangeMoment, OwnActor } from './pipeline-options.js';
export type { FactSources } from './tokens/token-state.js';
export { entitledScopes, type Holder } from './tokens/entitlement.js';
export type { ExchangeState } from './tokens/exchange-state.js';
export type * from './tokens/token-facts.js';
export type { VerifiedToken } from './tokens/verified-token.js';
export { verifyGrant, type GrantExpectations, type VerifiedGrant } from './verifiers/authorization-grant.js';
export {
  readForeignToken,
  trustedFor,
  type ForeignIssuer,
  type IssuerUsage,
  type SubjectMapping,
} from './verifiers/foreign-token.js';
export { readJwtFacts, requireClaims, requireType } from './verifiers/jwt-facts.js';
export { checkForeignIssuers, JwtVerifier } from './verifiers/jwt.verifier.js';
export { OwnAccessTokenVerifier } from './verifiers/own-access-token.verifier.js';
export type { TokenVerifier, VerificationContext } from './verifiers/token-verifier.js';
