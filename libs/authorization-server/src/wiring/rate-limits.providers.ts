import type { FactoryProvider, InjectionToken, Type } from '@nestjs/common';
import { systemClock } from '@onbehalf/oauth-protocol';
import type { AuthorizationServerOptions } from '../authorization-server.options.js';
import type { ServerConfig } from '../configuration/schema/server-config.schema.js';
import { CLIENT_ADDRESS } from '../ports/injection-tokens.js';
import { ServerMetrics } from '../metrics/server-metrics.js';
import { AuthorizationLimits } from '../rate-limits/authorization-limits.js';
import { clientAddress, type ClientAddress } from '../rate-limits/client-address.js';
import { ClientLimits } from '../rate-limits/client-limits.js';
import { LoginLimits } from '../rate-limits/login-limits.js';
import { PersonLimits } from '../rate-limits/person-limits.js';
import { RateLimiter } from '../rate-limits/rate-limiter.js';

/** What holds the limits of login and token endpoint. */
export function rateLimitProviders(options: InjectionToken): FactoryProvider[] {
  const limiter: FactoryProvider<RateLimiter> = {
    provide: RateLimiter,
    inject: [options],
    useFactory: ({ storage }: AuthorizationServerOptions) => new RateLimiter(storage.rateLimits, systemClock),
  };
  const logins: FactoryProvider<LoginLimits> = {
    provide: LoginLimits,
    inject: [options, RateLimiter, ServerMetrics],
    useFactory: ({ config }: AuthorizationServerOptions, limiter: RateLimiter, { limited }: ServerMetrics) =>
      new LoginLimits(limiter, config.rateLimits.login, () => limited.inc({ limit: 'login' })),
  };
  const address: FactoryProvider<ClientAddress> = {
    provide: CLIENT_ADDRESS,
    inject: [options],
    useFactory: ({ trustedProxies = [] }: AuthorizationServerOptions) => clientAddress(trustedProxies),
  };
  const clients = ofRequests(options, ClientLimits, 'token', (config, limiter, address, refused) => {
    return new ClientLimits(limiter, config.rateLimits.token, address, refused);
  });
  const authorization = ofRequests(
    options,
    AuthorizationLimits,
    'authorization',
    (config, limiter, address, refused) => {
      return new AuthorizationLimits(limiter, config.rateLimits.authorization, address, refused);
    },
  );
  const people: FactoryProvider<PersonLimits> = {
    provide: PersonLimits,
    inject: [options, RateLimiter, ServerMetrics],
    useFactory: ({ config }: AuthorizationServerOptions, limiter: RateLimiter, { limited }: ServerMetrics) =>
      new PersonLimits(limiter, config.rateLimits.me, () => limited.inc({ limit: 'me' })),
  };
  return [limiter, people, logins, clients, authorization, address];
}

/** Limits of requests, which count by the address that they come from. */
function ofRequests<Limits>(
  options: InjectionToken,
  provide: Type<Limits>,
  name: 'token' | 'authorization',
  create: (config: ServerConfig, limiter: RateLimiter, address: ClientAddress, refused: () => void) => Limits,
): FactoryProvider<Limits> {
  return {
    provide,
    inject: [options, RateLimiter, CLIENT_ADDRESS, ServerMetrics],
    useFactory: (
      { config }: AuthorizationServerOptions,
      limiter: RateLimiter,
      address: ClientAddress,
      { limited }: ServerMetrics,
    ) => create(config, limiter, address, () => limited.inc({ limit: name })),
  };
}
