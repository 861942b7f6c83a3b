import { Logger, type FactoryProvider, type InjectionToken } from '@nestjs/common';
import type { ConsentStore } from '@onbehalf/authorization-ports';
import type { TrustedIssuer } from '@onbehalf/jwt-verification';
import { GrantType, systemClock } from '@onbehalf/oauth-protocol';
import { TokenExchange, type AuditSink, type ExchangePolicy } from '@onbehalf/token-exchange';
import type { ServerAuditTrail } from '../audit/audit-event.js';
import { Accounts } from '../accounts/accounts.js';
import type { AuthorizationServerOptions } from '../authorization-server.options.js';
import { SampledRefusals } from '../audit/sampled-refusals.js';
import {
  AUDIT_TRAIL,
  CLIENT_ADDRESS,
  CONSENTS,
  EXCHANGE_POLICY,
  EXCHANGE_RECORDS,
  OWN_ISSUER,
} from '../ports/injection-tokens.js';
import { continueByGet } from '../endpoint/continue-by-get.js';
import { ME_AUDIENCE } from '../configuration/own/me-audience.js';
import type { ServerConfig } from '../configuration/schema/server-config.schema.js';
import { TokenEndpoint } from '../endpoint/token-endpoint.js';
import type { Grant } from '../endpoint/grant.js';
import { JwtBearerGrant, type JwtBearerGrantOptions } from '../exchange/jwt-bearer.grant.js';
import { TokenExchangeGrant } from '../exchange/token-exchange.grant.js';
import { FeatureRuntime } from '../features/feature-runtime.js';
import { measureExchanges } from '../metrics/count-exchanges.js';
import { measureRequests } from '../metrics/measure-requests.js';
import { ServerMetrics } from '../metrics/server-metrics.js';
import { registeredOrigins } from '../protocol/cross-origin.js';
import { AuthorizationLimits } from '../rate-limits/authorization-limits.js';
import { answerRefusalPage } from '../pages/refusal-page.js';
import { Pages } from '../pages/page-view.js';
import { providerPages } from '../pages/provider-pages.js';
import type { ClientAddress } from '../rate-limits/client-address.js';
import { ClientLimits } from '../rate-limits/client-limits.js';
import { limitProtocolRequests, type AnswerPage } from '../rate-limits/limit-protocol-requests.js';
import { Registrations } from '../registrations/registrations.js';
import { createProvider } from '../provider/authorization-provider.js';
import { clientCertificates } from '../provider/clients/client-certificate.js';
import { HeldRefreshTokens } from '../provider/tokens/held-refresh-tokens.js';
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
      CONSENTS,
      SampledRefusals,
      TokenExchange,
      ClientLimits,
      AuthorizationLimits,
      ServerMetrics,
      Registrations,
      FeatureRuntime,
      CLIENT_ADDRESS,
      Pages,
      HeldRefreshTokens,
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
  consents: ConsentStore,
  refusals: SampledRefusals,
  engine: TokenExchange,
  limits: ClientLimits,
  authorizationLimits: AuthorizationLimits,
  metrics: ServerMetrics,
  registrations: Registrations,
  features: FeatureRuntime,
  addressOf: ClientAddress,
  pages: Pages,
  refreshTokens: HeldRefreshTokens,
): LiveProvider {
  const certificateOf = clientCertificates(options);
  const exchange = measureExchanges(engine, metrics);
  const grants = [
    ...exchangeGrants(
      { issuer: own.issuer, policy, exchange, sink, clock: systemClock, addressOf },
      engine.presentableBy(GrantType.JwtBearer),
    ),
    ...features.registration.grants,
  ];
  const log = new Logger('AuthorizationServer');
  const around = {
    trail,
    consents,
    refusals,
    certificateOf,
    acceptsSecret: registrations.acceptsSecret.bind(registrations),
    log,
    pages: providerPages(pages),
  };
  const answerPage: AnswerPage = (request, response, status, reason, headers) =>
    answerRefusalPage(response, status, pages.for(request), { reason, headers });
  const live = new LiveProvider(() => {
    const { config, lives } = registrations.current;
    const allowsOrigin = registeredOrigins(config);
    const known = { lives, latest: () => registrations.reload().then(() => registrations.current.lives) };
    const metadata = {
      ui_locales_supported: pages.languages.tags,
      ...features.active.metadata(config),
      ...ownMetadata(options.issuer, config),
    };
    const grantTypes = announced(grants, config);
    const described = { ...options, ...around, grantTypes, config, accounts, metadata, allowsOrigin, lives: known };
    const provider = createProvider(described, own);
    const endpoint = new TokenEndpoint({ provider, grants, certificateOf, allowsOrigin, log });
    const byGet = continueByGet(provider, endpoint.handle);
    const handle = limitProtocolRequests(limits, authorizationLimits, byGet, answerPage);
    return { provider, handle: measureRequests(metrics, handle) };
  });
  refreshTokens.keptBy(() => live.current);
  options.keys.onReplaced(() => live.renew());
  registrations.onChanged(() => live.renew());
  return live;
}

/** Where people see what is done on their behalf, where that is open. */
function ownMetadata(issuer: string, { resources }: ServerConfig): object {
  const isOpen = resources.some(({ audience }) => audience === ME_AUDIENCE);
  return isOpen ? { onbehalf_me_endpoint: `${issuer}/me` } : {};
}

/** The grants that the engine answers. Assertions are taken where a feature knows what they say. */
function exchangeGrants(
  options: Omit<JwtBearerGrantOptions, 'types'>,
  assertions: readonly string[],
): readonly Grant[] {
  const exchange = new TokenExchangeGrant(options);
  return assertions.length === 0 ? [exchange] : [exchange, new JwtBearerGrant({ ...options, types: assertions })];
}

// assertions of other domains are told of once a client may present them
function announced(grants: readonly Grant[], { clients }: ServerConfig): readonly string[] {
  return grants
    .map(({ grantType }) => grantType)
    .filter(
      (grantType) =>
        grantType !== GrantType.JwtBearer || clients.some((client) => client.grantTypes.includes(grantType)),
    );
}
