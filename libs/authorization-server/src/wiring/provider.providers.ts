import { Logger, type FactoryProvider, type InjectionToken } from '@nestjs/common';
import type { TrustedIssuer } from '@onbehalf/jwt-verification';
import { systemClock } from '@onbehalf/oauth-protocol';
import { TokenExchange, type AuditSink, type ExchangePolicy } from '@onbehalf/token-exchange';
import type { ServerAuditTrail } from '../audit/audit-event.js';
import { Accounts } from '../accounts/accounts.js';
import type { AuthorizationServerOptions } from '../authorization-server.options.js';
import { SampledRefusals } from '../audit/sampled-refusals.js';
import {
  AUDIT_TRAIL,
  CLIENT_ADDRESS,
  EXCHANGE_POLICY,
  EXCHANGE_RECORDS,
  OWN_ISSUER,
} from '../ports/injection-tokens.js';
import { continueByGet } from '../endpoint/continue-by-get.js';
import { TokenEndpoint } from '../endpoint/token-endpoint.js';
import { TokenExchangeGrant } from '../exchange/token-exchange.grant.js';
import { FeatureRuntime } from '../features/feature-runtime.js';
import { measureExchanges } from '../metrics/count-exchanges.js';
import { measureRequests } from '../metrics/measure-requests.js';
import { ServerMetrics } from '../metrics/server-metrics.js';
import { registeredOrigins } from '../protocol/cross-origin.js';
import { AuthorizationLimits } from '../rate-limits/authorization-limits.js';
import { answerRefusalPage } from '../pages/refusal-page.js';
import * as pages from '../pages/provider-pages.js';
import type { ClientAddress } from '../rate-limits/client-address.js';
import { ClientLimits } from '../rate-limits/client-limits.js';
import { limitProtocolRequests } from '../rate-limits/limit-protocol-requests.js';
import { Registrations } from '../registrations/registrations.js';
import { createProvider } from '../provider/authorization-provider.js';
import { clientCertificates } from '../provider/clients/client-certificate.js';
import { LiveProvider } from '../provider/live-provider.js';

/** The provider with our grants, replaced whenever keys or registrations change. */
export function liveProvider(options: InjectionToken): FactoryProvider<LiveProvider> {
  return {
    provide: LiveProvider,
    inject: [
      options,
      OWN_ISSUER,
      Accounts,
      EXCHANGE_POLICY,
      EXCHANGE_RECORDS,
      AUDIT_TRAIL,
      SampledRefusals,
      TokenExchange,
      ClientLimits,
      AuthorizationLimits,
      ServerMetrics,
      Registrations,
      FeatureRuntime,
      CLIENT_ADDRESS,
    ],
    useFactory: createLiveProvider,
  };
}

function createLiveProvider(
  options: AuthorizationServerOptions,
  own: TrustedIssuer,
  accounts: Accounts,
  policy: ExchangePolicy,
  sink: AuditSink,
  trail: ServerAuditTrail,
  refusals: SampledRefusals,
  engine: TokenExchange,
  limits: ClientLimits,
  authorizationLimits: AuthorizationLimits,
  metrics: ServerMetrics,
  registrations: Registrations,
  features: FeatureRuntime,
  addressOf: ClientAddress,
): LiveProvider {
  const certificateOf = clientCertificates(options);
  const exchange = measureExchanges(engine, metrics);
  const grants = [
    new TokenExchangeGrant({ policy, exchange, sink, clock: systemClock, addressOf }),
    ...features.registration.grants,
  ];
  const metadata = features.active.metadata();
  const log = new Logger('AuthorizationServer');
  const around = {
    trail,
    refusals,
    certificateOf,
    acceptsSecret: registrations.acceptsSecret.bind(registrations),
    log,
    pages: {
      error: pages.renderErrorPage,
      logout: pages.renderLogoutPage,
      loggedOut: pages.renderLoggedOutPage,
      goOn: pages.renderGoOnPage,
      formPost: pages.renderFormPostPage,
    },
    grantTypes: grants.map(({ grantType }) => grantType),
  };
  const live = new LiveProvider(() => {
    const { config, lives } = registrations.current;
    const allowsOrigin = registeredOrigins(config);
    const known = { lives, latest: () => registrations.reload().then(() => registrations.current.lives) };
    const described = { ...options, ...around, config, accounts, metadata, allowsOrigin, lives: known };
    const provider = createProvider(described, own);
    const endpoint = new TokenEndpoint({ provider, grants, certificateOf, allowsOrigin, log });
    const byGet = continueByGet(provider, endpoint.handle);
    const handle = limitProtocolRequests(limits, authorizationLimits, byGet, answerRefusalPage);
    return { provider, handle: measureRequests(metrics, handle) };
  });
  options.keys.onReplaced(() => live.renew());
  registrations.onChanged(() => live.renew());
  return live;
}
