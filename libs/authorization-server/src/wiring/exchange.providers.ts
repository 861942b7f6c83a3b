import type { FactoryProvider, InjectionToken } from '@nestjs/common';
import type { TrustedIssuer } from '@onbehalf/jwt-verification';
import { systemClock } from '@onbehalf/oauth-protocol';
import {
  AccessTokenIssuer,
  JwtVerifier,
  OwnAccessTokenVerifier,
  TokenExchange,
  type AuditSink,
  type ExchangePolicy,
  type ExchangeState,
} from '@onbehalf/token-exchange';
import { Accounts } from '../accounts/accounts.js';
import type { AuthorizationServerOptions } from '../authorization-server.options.js';
import { SampledRefusals } from '../audit/sampled-refusals.js';
import { FeatureRuntime } from '../features/feature-runtime.js';
import { EXCHANGE_POLICY, EXCHANGE_RECORDS, EXCHANGE_STATE, OWN_ISSUER } from '../ports/injection-tokens.js';
import { countExchanges } from '../metrics/count-exchanges.js';
import { ServerMetrics } from '../metrics/server-metrics.js';
import { LivePolicy } from '../policy/live-policy.js';
import { Registrations } from '../registrations/live/registrations.js';
import { toAuditSink } from '../exchange/exchange-records.js';
import { ServerState } from '../exchange/exchange-state.js';
import { ExchangeMoments } from '../exchange/exchange-moments.js';
import { ForeignIssuers } from '../exchange/foreign-issuers.js';
import { timeOrderedId } from '../time/time-ordered-id.js';

/** The engine, with what features add to it, and the policy in force. */
export function exchangeProviders(options: InjectionToken): FactoryProvider[] {
  const policy: FactoryProvider<ExchangePolicy> = {
    provide: EXCHANGE_POLICY,
    inject: [options, Registrations],
    useFactory: ({ features }: AuthorizationServerOptions, registrations: Registrations) =>
      new LivePolicy(registrations, features?.all),
  };
  const sink: FactoryProvider<AuditSink> = {
    provide: EXCHANGE_RECORDS,
    inject: [options, SampledRefusals, EXCHANGE_POLICY, ServerMetrics, Registrations],
    useFactory: (
      { storage: { trail } }: AuthorizationServerOptions,
      refusals: SampledRefusals,
      policy: ExchangePolicy,
      metrics: ServerMetrics,
      registrations: Registrations,
    ) => {
      const lives = () => registrations.current.lives;
      return countExchanges(toAuditSink({ trail, refusals, policy, lives }), policy, metrics);
    },
  };
  const state: FactoryProvider<ExchangeState> = {
    provide: EXCHANGE_STATE,
    inject: [options, Accounts, Registrations],
    useFactory: (
      { issuer, storage: { tokens, replay } }: AuthorizationServerOptions,
      accounts: Accounts,
      registrations: Registrations,
    ) => {
      const isOperator = (subject: string) => registrations.current.onTheWay.user.has(subject);
      return new ServerState(issuer, tokens, accounts, replay, isOperator);
    },
  };
  const engine: FactoryProvider<TokenExchange> = {
    provide: TokenExchange,
    inject: [options, OWN_ISSUER, EXCHANGE_STATE, EXCHANGE_POLICY, EXCHANGE_RECORDS, FeatureRuntime, ExchangeMoments],
    useFactory: createEngine,
  };
  const foreign: FactoryProvider<ForeignIssuers> = {
    provide: ForeignIssuers,
    inject: [Registrations],
    useFactory: (registrations: Registrations) => new ForeignIssuers(() => registrations.current.config.users),
  };
  const moments: FactoryProvider<ExchangeMoments> = {
    provide: ExchangeMoments,
    inject: [options, Registrations, EXCHANGE_POLICY, Accounts, ForeignIssuers, FeatureRuntime],
    useFactory: (
      { issuer, storage: { tokens, replay } }: AuthorizationServerOptions,
      registrations: Registrations,
      policy: LivePolicy,
      accounts: Accounts,
      foreignIssuers: ForeignIssuers,
      { registration: { foreignIssuers: namespaces } }: FeatureRuntime,
    ) =>
      new ExchangeMoments({
        issuer,
        registrations,
        policy,
        accounts,
        tokens,
        replay,
        foreignIssuers,
        namespaces,
      }),
  };
  return [policy, sink, state, foreign, moments, engine];
}

/** What RFC 8693 itself speaks of, and after it what features add. */
function createEngine(
  { issuer, keys: signer }: AuthorizationServerOptions,
  own: TrustedIssuer,
  state: ExchangeState,
  policy: ExchangePolicy,
  sink: AuditSink,
  { active, registration }: FeatureRuntime,
  { now }: ExchangeMoments,
): TokenExchange {
  const { verifiers, rules, issuers, admissions, ownActors } = registration;
  const typeOf = (audience: string) => policy.resource(audience)?.typ ?? 'at+jwt';
  return new TokenExchange({
    issuer,
    policy,
    state,
    verifiers: [new OwnAccessTokenVerifier(own, typeOf), new JwtVerifier(own, [], typeOf), ...verifiers],
    additionalRules: rules,
    admissions,
    ownActors,
    issuers: [new AccessTokenIssuer({ issuer, signer, randomId: timeOrderedId }), ...issuers],
    sink,
    auditMembers: active.auditMembers,
    explainers: active.explainers,
    clock: systemClock,
    now,
  });
}
