import type { FactoryProvider, InjectionToken } from '@nestjs/common';
import type { TrustedIssuer } from '@onbehalf/jwt-verification';
import { systemClock } from '@onbehalf/oauth-protocol';
import { TokenExchange, type AuditSink, type ExchangePolicy } from '@onbehalf/token-exchange';
import { Accounts } from '../accounts/accounts.js';
import type { AuthorizationServerOptions } from '../authorization-server.options.js';
import { EXCHANGE_POLICY, EXCHANGE_RECORDS, OWN_ISSUER } from '../authorization-server.tokens.js';
import { countExchanges } from '../metrics/count-exchanges.js';
import { ServerMetrics } from '../metrics/server-metrics.js';
import { LivePolicy } from '../registrations/live-policy.js';
import { Registrations } from '../registrations/registrations.js';
import { toAuditSink } from './exchange-records.js';
import { ServerState } from './exchange-state.js';
import { toForeignIssuers } from './foreign-issuers.js';
import { timeOrderedId } from './time-ordered-id.js';

/** The engine, with what the app registers for it, and the policy in force. */
export function exchangeProviders(options: InjectionToken): FactoryProvider[] {
  const policy: FactoryProvider<ExchangePolicy> = {
    provide: EXCHANGE_POLICY,
    inject: [Registrations],
    useFactory: (registrations: Registrations) => new LivePolicy(registrations),
  };
  const sink: FactoryProvider<AuditSink> = {
    provide: EXCHANGE_RECORDS,
    inject: [options, EXCHANGE_POLICY, ServerMetrics],
    useFactory: ({ audit }: AuthorizationServerOptions, policy: ExchangePolicy, metrics: ServerMetrics) =>
      countExchanges(toAuditSink(audit), policy, metrics),
  };
  const engine: FactoryProvider<TokenExchange> = {
    provide: TokenExchange,
    inject: [options, OWN_ISSUER, Accounts, EXCHANGE_POLICY, EXCHANGE_RECORDS],
    useFactory: createEngine,
  };
  return [policy, sink, engine];
}

function createEngine(
  options: AuthorizationServerOptions,
  own: TrustedIssuer,
  accounts: Accounts,
  policy: ExchangePolicy,
  sink: AuditSink,
): TokenExchange {
  const { issuer, config, keys, tokens } = options;
  const foreignIssuers = toForeignIssuers(config);
  const registration = options.exchange({ own, foreignIssuers, signer: keys, randomId: timeOrderedId });
  return new TokenExchange({
    issuer,
    policy,
    state: new ServerState(issuer, tokens, accounts),
    ...registration,
    sink,
    clock: systemClock,
    foreignIssuers: foreignIssuers.map((foreign) => foreign.issuer),
  });
}
