import { Logger, type FactoryProvider, type InjectionToken } from '@nestjs/common';
import type { ConsentStore } from '@onbehalf/authorization-ports';
import type { TrustedIssuer } from '@onbehalf/jwt-verification';
import { GrantType, systemClock } from '@onbehalf/oauth-protocol';
import {
  TokenExchange,
  trustedFor,
  type AuditSink,
  type ExchangePolicy,
  type ForeignIssuer,
} from '@onbehalf/token-exchange';
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
import { JwtBearerGrant } from '../exchange/jwt-bearer.grant.js';
import { ForeignIssuers } from '../exchange/foreign-issuers.js';
import { TokenExchangeGrant } from '../exchange/token-exchange.grant.js';
import { FeatureRuntime } from '../features/feature-runtime.js';
import { measureExchanges } from '../metrics/count-exchanges.js';
import { measureRequests } from '../metrics/measure-requests.js';
import { ServerMetrics } from '../metrics/server-metrics.js';
import type { Handle } from '../protocol/answer.js';
import { registeredOrigins } from '../protocol/cross-origin.js';
import { AuthorizationLimits } from '../rate-limits/authorization-limits.js';
import { answerRefusalPage } from '../pages/refusal-page.js';
import { Pages } from '../pages/page-view.js';
import { providerPages } from '../pages/provider-pages.js';
import type { ClientAddress } from '../rate-limits/client-address.js';
import { ClientLimits } from '../rate-limits/client-limits.js';
import { limitProtocolRequests, type AnswerPage } from '../rate-limits/limit-protocol-requests.js';
import type { RegistrationSet } from '../registrations/live/registration-set.js';
import { Registrations } from '../registrations/live/registrations.js';
import { createProvider } from '../provider/authorization-provider.js';
import { clientCertificates } from '../provider/clients/client-certificate.js';
import type { TellWorkload } from '../provider/clients/workload-assertions.js';
import { WorkloadIdentities } from '../provider/clients/workload-identity.js';
import { HeldRefreshTokens } from '../provider/tokens/held-refresh-tokens.js';
import { LiveProvider, type AnsweringProvider } from '../provider/live-provider.js';

/** What the provider and what stands around it are made of. */
interface Parts {
  readonly own: TrustedIssuer;
  readonly accounts: Accounts;
  readonly policy: ExchangePolicy;
  readonly sink: AuditSink;
  readonly trail: ServerAuditTrail;
  readonly consents: ConsentStore;
  readonly refusals: SampledRefusals;
  readonly engine: TokenExchange;
  readonly limits: ClientLimits;
  readonly authorizationLimits: AuthorizationLimits;
  readonly metrics: ServerMetrics;
  readonly registrations: Registrations;
  readonly features: FeatureRuntime;
  readonly foreignIssuers: ForeignIssuers;
  readonly addressOf: ClientAddress;
  readonly pages: Pages;
  readonly refreshTokens: HeldRefreshTokens;
}

const PARTS: Readonly<Record<keyof Parts, InjectionToken>> = {
  own: OWN_ISSUER,
  accounts: Accounts,
  policy: EXCHANGE_POLICY,
  sink: EXCHANGE_RECORDS,
  trail: AUDIT_TRAIL,
  consents: CONSENTS,
  refusals: SampledRefusals,
  engine: TokenExchange,
  limits: ClientLimits,
  authorizationLimits: AuthorizationLimits,
  metrics: ServerMetrics,
  registrations: Registrations,
  features: FeatureRuntime,
  foreignIssuers: ForeignIssuers,
  addressOf: CLIENT_ADDRESS,
  pages: Pages,
  refreshTokens: HeldRefreshTokens,
};

/** The provider with our grants, replaced whenever keys or registrations change. */
export function liveProvider(options: InjectionToken): FactoryProvider<LiveProvider> {
  return {
    provide: LiveProvider,
    inject: [options, ...Object.values(PARTS)],
    useFactory: (options: AuthorizationServerOptions, ...given: unknown[]) => {
      const parts = Object.fromEntries(Object.keys(PARTS).map((name, index) => [name, given[index]]));
      return createLiveProvider(options, parts as unknown as Parts);
    },
  };
}

function createLiveProvider(options: AuthorizationServerOptions, parts: Parts): LiveProvider {
  const { registrations, refreshTokens } = parts;
  const create = answeringProvider(options, parts);
  const live = new LiveProvider(() => create(registrations.current));
  refreshTokens.keptBy(() => live.current);
  live.renewOn((listener) => options.keys.onReplaced(listener));
  registrations.onChanged(() => live.renew());
  registrations.onTrial((candidate) => void create(candidate));
  return live;
}

/** Makes a provider, and the way that requests take to it, from what is registered. */
function answeringProvider(
  options: AuthorizationServerOptions,
  parts: Parts,
): (registered: RegistrationSet) => AnsweringProvider {
  const { own, accounts, trail, consents, refusals, metrics, registrations, pages } = parts;
  const certificateOf = clientCertificates(options);
  const { tokens, replay, providerAdapter: adapter } = options.storage;
  const stored = { tokens, replay, ...(adapter && { adapter }) };
  const grants = grantsOf(parts);
  const log = new Logger('AuthorizationServer');
  const acceptsSecret = registrations.acceptsSecret.bind(registrations);
  const latest = () => registrations.reload().then(() => registrations.current.lives);
  const around = {
    trail,
    consents,
    refusals,
    certificateOf,
    acceptsSecret,
    tellWorkload: workloadLog(log),
    log,
    pages: providerPages(pages),
    loginPath: options.loginView?.path,
  };
  const limited = limitedBy(parts);
  return ({ config, lives }) => {
    const allowsOrigin = registeredOrigins(config);
    const metadata = metadataOf(options.issuer, parts, config);
    const described = {
      config,
      accounts: accounts.asOfNow,
      metadata,
      allowsOrigin,
      grantTypes: announced(grants, config),
      workloads: new WorkloadIdentities({ issuer: options.issuer, config, issuers: workloadIssuers(parts, config) }),
      lives: { lives, latest },
    };
    const provider = createProvider({ ...options, ...stored, ...around, ...described }, own);
    const endpoint = new TokenEndpoint({ provider, grants, certificateOf, allowsOrigin, log });
    const handle = limited(continueByGet(provider, endpoint.handle));
    return { provider, handle: measureRequests(metrics, handle) };
  };
}

/** Those whose word is taken for workloads. */
function workloadIssuers({ foreignIssuers }: Parts, config: ServerConfig): readonly ForeignIssuer[] {
  return trustedFor('workload', foreignIssuers.of(config));
}

/** Whose token it was, and where it came from, stands in the log: the trail names the subject alone. */
function workloadLog(log: Logger): TellWorkload {
  return (clientId, { issuer, subject, jwtId: tokenId, expiresAt, place }) =>
    log.log({ event: 'workload.authenticated', clientId, issuer, subject, tokenId, expiresAt, ...place });
}

/** Lets through what is within the limits; a person in a browser is told by a page. */
function limitedBy({ limits, authorizationLimits, pages }: Parts): (handle: Handle) => Handle {
  const answerPage: AnswerPage = (request, response, status, reason, headers) =>
    answerRefusalPage(response, status, pages.for(request), { reason, headers });
  return (handle) => limitProtocolRequests(limits, authorizationLimits, handle, answerPage);
}

/** What the provider does not know of: languages, features, and where people see what is done on their behalf, if that is open. */
function metadataOf(issuer: string, { pages, features }: Parts, config: ServerConfig): Record<string, unknown> {
  const isOpen = config.resources.some(({ audience }) => audience === ME_AUDIENCE);
  return {
    ui_locales_supported: pages.languages.tags,
    ...features.active.metadata(config),
    ...(isOpen && { onbehalf_me_endpoint: `${issuer}/me` }),
  };
}

/** The grants that the engine answers, and those of features. Assertions are taken where a feature knows what they say. */
function grantsOf({ own, policy, engine, metrics, sink, addressOf, features }: Parts): readonly Grant[] {
  const exchange = measureExchanges(engine, metrics);
  const options = { issuer: own.issuer, policy, exchange, sink, clock: systemClock, addressOf };
  const assertions = engine.presentableBy(GrantType.JwtBearer);
  return [
    new TokenExchangeGrant(options),
    ...(assertions.length === 0 ? [] : [new JwtBearerGrant({ ...options, types: assertions })]),
    ...features.registration.grants,
  ];
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
