import type { FactoryProvider, InjectionToken } from '@nestjs/common';
import type { ConsentStore } from '@onbehalf/authorization-ports';
import type { TrustedIssuer } from '@onbehalf/jwt-verification';
import { systemClock } from '@onbehalf/oauth-protocol';
import type { ExchangePolicy, ExchangeState } from '@onbehalf/token-exchange';
import type { AuthorizationServerOptions } from '../authorization-server.options.js';
import { AUDIT_TRAIL, CONSENTS, EXCHANGE_POLICY, EXCHANGE_STATE, OWN_ISSUER } from '../ports/injection-tokens.js';
import type { ServerAuditTrail } from '../audit/audit-event.js';
import { ServerMetrics } from '../metrics/server-metrics.js';
import { ForeignIssuers } from '../exchange/foreign-issuers.js';
import { timeOrderedId } from '../time/time-ordered-id.js';
import { AccountCreation } from '../accounts/account-creation.js';
import { Registrations } from '../registrations/live/registrations.js';
import { RateLimiter } from '../rate-limits/rate-limiter.js';
import { FeatureRuntime } from '../features/feature-runtime.js';
import { HeldRefreshTokens } from '../provider/tokens/held-refresh-tokens.js';
import { FeatureSet } from '../features/feature-set.js';

/** The features that the configuration has on. */
export function featureProviders(options: InjectionToken): FactoryProvider[] {
  const runtime: FactoryProvider<FeatureRuntime> = {
    provide: FeatureRuntime,
    inject: [
      options,
      OWN_ISSUER,
      Registrations,
      EXCHANGE_POLICY,
      EXCHANGE_STATE,
      RateLimiter,
      AccountCreation,
      AUDIT_TRAIL,
      ServerMetrics,
      HeldRefreshTokens,
      CONSENTS,
      ForeignIssuers,
    ],
    useFactory: createRuntime,
  };
  return [{ provide: HeldRefreshTokens, useFactory: () => new HeldRefreshTokens() }, runtime];
}

function createRuntime(
  options: AuthorizationServerOptions,
  own: TrustedIssuer,
  registrations: Registrations,
  policy: ExchangePolicy,
  state: ExchangeState,
  rateLimiter: RateLimiter,
  accounts: AccountCreation,
  trail: ServerAuditTrail,
  metrics: ServerMetrics,
  refreshTokens: HeldRefreshTokens,
  consents: ConsentStore,
  foreignIssuers: ForeignIssuers,
): FeatureRuntime {
  const { config, keys, storage, features = new FeatureSet() } = options;
  const { replay, table: tables, tokens } = storage;
  return new FeatureRuntime(features.in(config), {
    config: () => registrations.current.config,
    own,
    foreignIssuers: foreignIssuers.of(config),
    signer: keys,
    randomId: timeOrderedId,
    clock: systemClock,
    policy,
    state,
    refreshTokens,
    replay,
    tokens,
    metrics,
    tables,
    rateLimiter,
    accounts,
    consents,
    lifeOf: (kind, id) => registrations.current.lives.of(kind, id),
    record: async (event) => void (await trail.append(event)),
  });
}
