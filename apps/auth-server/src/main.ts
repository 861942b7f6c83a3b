import { startApp } from '@onbehalf/service-host';
import { AuthorizationServer } from '@onbehalf/authorization-server';
import { AppModule } from './app.module.js';
import { environment } from './environment.js';
import { StoreHealthIndicator } from './store.health.js';

await startApp({
  name: 'auth-server',
  defaultPort: 9001,
  environment,
  module: (settings) => AppModule.with(settings),
  readiness: { store: StoreHealthIndicator },
  // the pages of the server set a stricter policy of their own
  configure: (app) => void app.use(app.get(AuthorizationServer, { strict: false }).middleware),
});
