import { randomUUID } from 'node:crypto';
import { ConfigurableModuleBuilder, Logger, Module, type FactoryProvider } from '@nestjs/common';
import type { TrustedIssuer } from '@onbehalf/jwt-verification';
import { systemClock } from '@onbehalf/oauth-protocol';
import { AuditedTokenExchange, TokenExchange, type ExchangePolicy } from '@onbehalf/token-exchange';
import { AuditController } from './admin/audit.controller.js';
import type { AuditTrail } from './admin/audit-trail.js';
import { RegistrationsController } from './admin/registrations.controller.js';
import { ExplainController } from './admin/explain.controller.js';
import { AUDIT_TRAIL, EXCHANGE_POLICY, ISSUED_TOKENS, OWN_ISSUER } from './authorization-server.tokens.js';
import type { IssuedTokens } from './provider/issued-tokens.js';
import { Accounts } from './accounts/accounts.js';
import type { AuthorizationServerOptions } from './authorization-server.options.js';
import { AuthorizationServer } from './authorization-server.js';
import { auditRefusedRequests } from './exchange/audit-refused-requests.js';
import { ServerState } from './exchange/exchange-state.js';
import { toForeignIssuers } from './exchange/foreign-issuers.js';
import { recorded } from './exchange/recorded-issuer.js';
import { TokenExchangeGrant } from './exchange/token-exchange.grant.js';
import { OWN_ALGORITHMS } from './keys/key-set.js';
import { SigningKeys } from './keys/signing-keys.js';
import { LoginController } from './pages/login.controller.js';
import { countExchanges, measureExchanges } from './metrics/count-exchanges.js';
import { measureRequests } from './metrics/measure-requests.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { ServerMetrics } from './metrics/server-metrics.js';
import { createProvider } from './provider/authorization-provider.js';
import { LiveProvider } from './provider/live-provider.js';
import { RevocationsController } from './revocations/revocations.controller.js';
import { ClientLimits } from './rate-limits/client-limits.js';
import { limitProtocolRequests } from './rate-limits/limit-protocol-requests.js';
import { LivePolicy } from './registrations/live-policy.js';
import { Registrations } from './registrations/registrations.js';
import { registrationProviders } from './registrations/registrations.providers.js';
import { rateLimitProviders } from './rate-limits/rate-limits.providers.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<AuthorizationServerOptions>()
  .setClassMethodName('forRoot')
  .build();

const inject = [MODULE_OPTIONS_TOKEN];

const own: FactoryProvider<TrustedIssuer> = { provide: OWN_ISSUER, inject, useFactory: ownIssuer };

// as a provider, so that keys in a store are followed for as long as the application runs
const keys: FactoryProvider<SigningKeys> = {
  provide: SigningKeys,
  inject,
  useFactory: ({ keys }: AuthorizationServerOptions) => keys,
};

const tokens: FactoryProvider<IssuedTokens> = {
  provide: ISSUED_TOKENS,
  inject,
  useFactory: ({ tokens }: AuthorizationServerOptions) => tokens,
};

const trail: FactoryProvider<AuditTrail> = {
  provide: AUDIT_TRAIL,
  inject,
  useFactory: ({ auditTrail }: AuthorizationServerOptions) => auditTrail,
};

const metrics: FactoryProvider<ServerMetrics> = {
  provide: ServerMetrics,
  inject,
  useFactory: ({ metrics }: AuthorizationServerOptions) => metrics ?? new ServerMetrics(),
};

const policy: FactoryProvider<ExchangePolicy> = {
  provide: EXCHANGE_POLICY,
  inject: [Registrations],
  useFactory: (registrations: Registrations) => new LivePolicy(registrations),
};

const accounts: FactoryProvider<Accounts> = {
  provide: Accounts,
  inject: [Registrations],
  useFactory: (registrations: Registrations) => {
    const accounts = new Accounts(registrations.current.config.users);
    registrations.onChanged(() => accounts.replace(registrations.current.config.users));
    return accounts;
  },
};

const engine: FactoryProvider<TokenExchange> = {
  provide: TokenExchange,
  inject: [MODULE_OPTIONS_TOKEN, Accounts, EXCHANGE_POLICY],
  useFactory: (options: AuthorizationServerOptions, accounts: Accounts, policy: ExchangePolicy) => {
    const { issuer, config, keys, tokens } = options;
    const foreignIssuers = toForeignIssuers(config);
    const parts = { own: ownIssuer(options), foreignIssuers, signer: keys, randomId: randomUUID };
    const { verifiers, rules, issuers } = options.exchange(parts);
    return new TokenExchange({
      issuer,
      policy,
      state: new ServerState(issuer, tokens, accounts),
      verifiers,
      rules,
      issuers: issuers.map((tokenIssuer) => recorded(tokenIssuer, tokens)),
      clock: systemClock,
      foreignIssuers: foreignIssuers.map((foreign) => foreign.issuer),
    });
  },
};

const provider: FactoryProvider<LiveProvider> = {
  provide: LiveProvider,
  inject: [MODULE_OPTIONS_TOKEN, Accounts, EXCHANGE_POLICY, TokenExchange, ClientLimits, ServerMetrics, Registrations],
  useFactory: (
    options: AuthorizationServerOptions,
    accounts: Accounts,
    policy: ExchangePolicy,
    engine: TokenExchange,
    limits: ClientLimits,
    metrics: ServerMetrics,
    registrations: Registrations,
  ) => {
    const sink = countExchanges(options.audit, policy, metrics);
    const audited = new AuditedTokenExchange({ exchange: engine, sink, clock: systemClock });
    const log = new Logger('AuthorizationServer');
    const middleware = [
      measureRequests(metrics),
      limitProtocolRequests(limits),
      auditRefusedRequests(sink, systemClock),
    ];
    const grants = [
      new TokenExchangeGrant(policy, measureExchanges(audited, metrics), options.clientCertificateHeader),
    ];
    const acceptsSecret = registrations.acceptsSecret.bind(registrations);
    const acceptsGrantOf = registrations.acceptsGrantOf.bind(registrations);
    const create = () => {
      const { config } = registrations.current;
      return createProvider(
        { ...options, config, accounts, acceptsSecret, acceptsGrantOf, log, middleware },
        ownIssuer(options),
        grants,
      );
    };
    const live = new LiveProvider(create);
    options.keys.onReplaced(() => live.renew());
    registrations.onChanged(() => live.renew());
    return live;
  },
};

const server: FactoryProvider<AuthorizationServer> = {
  provide: AuthorizationServer,
  inject: [MODULE_OPTIONS_TOKEN, LiveProvider],
  useFactory: ({ issuer }: AuthorizationServerOptions, provider: LiveProvider) =>
    new AuthorizationServer(provider, issuer),
};

/**
 * An authorization server with token exchange. The protocol endpoints are middleware that must stand before any body
 * parser: `app.use(app.get(AuthorizationServer).middleware)`.
 */
@Module({
  controllers: [
    LoginController,
    RevocationsController,
    ExplainController,
    AuditController,
    MetricsController,
    RegistrationsController,
  ],
  providers: [
    own,
    keys,
    tokens,
    trail,
    metrics,
    policy,
    accounts,
    engine,
    provider,
    server,
    ...rateLimitProviders(MODULE_OPTIONS_TOKEN),
    ...registrationProviders(MODULE_OPTIONS_TOKEN),
  ],
  exports: [AuthorizationServer, TokenExchange, LiveProvider],
})
export class AuthorizationServerModule extends ConfigurableModuleClass {}

function ownIssuer({ issuer, keys }: AuthorizationServerOptions): TrustedIssuer {
  return { issuer, keys: keys.verification, algorithms: OWN_ALGORITHMS };
}
