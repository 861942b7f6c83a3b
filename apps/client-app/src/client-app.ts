import type { AppOptions } from '@onbehalf/service-host';
import { AppModule } from './app.module.js';
import { AuthorizationServerHealth } from './authorization-server/authorization-server.health.js';
import { sessions } from './session/sessions.js';
import { CookieSecrets } from './store/cookie-secrets.js';
import { RecordsHealth } from './store/records.health.js';
import { SharedRecords } from './store/shared-records.js';
import { DEFAULT_PORT, environment, Settings } from './settings.js';

/** What the user opens: signs users in and shows them their message. */
export const clientApp: AppOptions<typeof environment> = {
  name: 'client-app',
  defaultPort: DEFAULT_PORT,
  environment,
  module: (settings) => AppModule.with(new Settings(settings)),
  readiness: { 'authorization-server': AuthorizationServerHealth, 'session-store': RecordsHealth },
  contentSecurityPolicy: ({ ISSUER }) => ({
    'default-src': ["'none'"],
    'style-src': ["'self'"],
    'script-src': ["'self'"],
    'img-src': ["'self'"],
    // browsers hold the redirect that follows the logout form to this too
    'form-action': ["'self'", new URL(ISSUER).origin],
    'base-uri': ["'none'"],
    'frame-ancestors': ["'none'"],
  }),
  configure: (app, given) => {
    const settings = new Settings(given);
    app.use(sessions(settings, app.get(SharedRecords), app.get(CookieSecrets)));
    app.enableCsrfProtection({ trustedOrigins: [new URL(settings.publicUrl).origin] });
  },
};
