import { startApp } from '@onbehalf/service-host';
import { AuthorizationServer, Pages, refusalPages, ServerMetrics } from '@onbehalf/authorization-server';
import { reloadConfiguration } from './reload-configuration.js';
import { AppModule } from './app.module.js';
import { environment } from './environment.js';
import { SigningKeysHealthIndicator } from './signing-keys.health.js';
import { StoreHealthIndicator } from './store.health.js';

const metrics = new ServerMetrics();

/** Cheap to answer, and guards would refuse good tokens, or accept revoked ones, without them. */
const guardsLiveOn = [
  '/oauth2/jwks',
  '/oauth2/revocations',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
];

await startApp({
  name: 'auth-server',
  defaultPort: 9001,
  environment,
  module: (settings, host) => AppModule.with(settings, host, metrics),
  readiness: { store: StoreHealthIndicator, keys: SigningKeysHealthIndicator },
  overload: { alwaysAnswered: ['/metrics', ...guardsLiveOn], onRefused: () => metrics.overload.inc() },
  ownPorts: { ADMIN_PORT: ['/admin'], METRICS_PORT: ['/metrics'] },
  onHangUp: reloadConfiguration,
  // the pages of the server set a stricter policy of their own
  refusalPage: (app) => refusalPages(app.get(Pages, { strict: false })),
  middleware: (app) => [app.get(AuthorizationServer, { strict: false }).middleware],
});
