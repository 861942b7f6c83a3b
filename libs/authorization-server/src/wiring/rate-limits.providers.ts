import type { FactoryProvider, InjectionToken, Type } from '@nestjs/common';
import { systemClock } from '@onbehalf/oauth-protocol';
import type { AuthorizationServerOptions } from '../authorization-server.options.js';
import { FileInForce } from '../configuration/file-in-force.js';
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
    inject: [FileInForce, RateLimiter, ServerMetrics],
    useFactory: (file: FileInForce, limiter: RateLimiter, { limited }: ServerMetrics) =>
      new LoginLimits(
        limiter,
        () => file.current.rateLimits.login,
        () => limited.inc({ limit: 'login' }),
      ),
  };
  const address: FactoryProvider<ClientAddress> = {
    provide: CLIENT_ADDRESS,
    inject: [options],
    useFactory: ({ trustedProxies = [] }: AuthorizationServerOptions) => clientAddress(trustedProxies),
  };
  const clients = ofRequests(ClientLimits, 'token', (file, limiter, address, refused) => {
    return new ClientLimits(limiter, () => file.current.rateLimits.token, address, refused);
  });
  const authorization = ofRequests(AuthorizationLimits, 'authorization', (file, limiter, address, refused) => {
    return new AuthorizationLimits(limiter, () => file.current.rateLimits.authorization, address, refused);
  });
  const people: FactoryProvider<PersonLimits> = {
    provide: PersonLimits,
    inject: [FileInForce, RateLimiter, ServerMetrics],
    useFactory: (file: FileInForce, limiter: RateLimiter, { limited }: ServerMetrics) =>
      new PersonLimits(
        limiter,
        () => file.current.rateLimits.me,
        () => limited.inc({ limit: 'me' }),
      ),
  };
  return [limiter, people, logins, clients, authorization, address];
}

/** Limits of requests, which count by the address that they come from. */
function ofRequests<Limits>(
  provide: Type<Limits>,
  name: 'token' | 'authorization',
  create: (file: FileInForce, limiter: RateLimiter, address: ClientAddress, refused: () => void) => Limits,
): FactoryProvider<Limits> {
  return {
    provide,
    inject: [FileInForce, RateLimiter, CLIENT_ADDRESS, ServerMetrics],
    useFactory: (file: FileInForce, limiter: RateLimiter, address: ClientAddress, { limited }: ServerMetrics) =>
      create(file, limiter, address, () => limited.inc({ limit: name })),
  };
}
