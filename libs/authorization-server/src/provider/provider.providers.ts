import { Logger, type FactoryProvider, type InjectionToken } from '@nestjs/common';
import type { TrustedIssuer } from '@onbehalf/jwt-verification';
import { systemClock } from '@onbehalf/oauth-protocol';
import { TokenExchange, type AuditSink, type ExchangePolicy } from '@onbehalf/token-exchange';
import { Accounts } from '../accounts/accounts.js';
import type { AuthorizationServerOptions } from '../authorization-server.options.js';
import { EXCHANGE_POLICY, EXCHANGE_RECORDS, OWN_ISSUER } from '../authorization-server.tokens.js';
import { auditRefusedRequests } from '../exchange/audit-refused-requests.js';
import { TokenExchangeGrant } from '../exchange/token-exchange.grant.js';
import { measureExchanges } from '../metrics/count-exchanges.js';
import { measureRequests } from '../metrics/measure-requests.js';
import { ServerMetrics } from '../metrics/server-metrics.js';
import { AuthorizationLimits } from '../rate-limits/authorization-limits.js';
import { ClientLimits } from '../rate-limits/client-limits.js';
import { limitProtocolRequests } from '../rate-limits/limit-protocol-requests.js';
import { Registrations } from '../registrations/registrations.js';
import { answerOwnGrants } from './answer-own-grants.js';
import { createProvider } from './authorization-provider.js';
import { clientCertificates } from './client-certificate.js';
import { LiveProvider } from './live-provider.js';

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
      TokenExchange,
      ClientLimits,
      AuthorizationLimits,
      ServerMetrics,
      Registrations,
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
  engine: TokenExchange,
  limits: ClientLimits,
  authorizationLimits: AuthorizationLimits,
  metrics: ServerMetrics,
  registrations: Registrations,
): LiveProvider {
  const certificateOf = clientCertificates(options);
  const grants = [new TokenExchangeGrant(policy, measureExchanges(engine, metrics), certificateOf)];
  const around = {
    certificateOf,
    acceptsSecret: registrations.acceptsSecret.bind(registrations),
    acceptsGrantOf: registrations.acceptsGrantOf.bind(registrations),
    log: new Logger('AuthorizationServer'),
    middleware: [auditRefusedRequests(sink, systemClock)],
  };
  const live = new LiveProvider(() => {
    const { config } = registrations.current;
    const provider = createProvider({ ...options, ...around, config, accounts }, own, grants);
    const handle = limitProtocolRequests(limits, authorizationLimits, answerOwnGrants(provider, grants));
    return { provider, handle: measureRequests(metrics, handle) };
  });
  options.keys.onReplaced(() => live.renew());
  registrations.onChanged(() => live.renew());
  return live;
}
