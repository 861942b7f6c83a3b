import { AuthorizationServerHealthIndicator, describeSecurity } from '@onbehalf/resource-server';
import type { AppOptions } from '@onbehalf/service-host';
import { AppModule } from './app.module.js';
import { DEFAULT_PORT, environment } from './settings.js';

/** An assistant that acts for its users, by a plan that is written down. */
export const agent: AppOptions<typeof environment> = {
  name: 'agent',
  defaultPort: DEFAULT_PORT,
  environment,
  module: (settings) => AppModule.with(settings),
  readiness: { 'authorization-server': AuthorizationServerHealthIndicator },
  openApi: {
    title: 'agent',
    description:
      'An assistant that looks things up for its users, each by token exchange (RFC 8693), as they allow it.',
    version: '1',
    complete: describeSecurity,
  },
};
