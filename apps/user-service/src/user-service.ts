import { AuthorizationServerHealthIndicator, describeSecurity } from '@onbehalf/resource-server';
import type { AppOptions } from '@onbehalf/service-host';
import { AppModule } from './app.module.js';
import { DEFAULT_PORT, environment } from './settings.js';

/** Keeps the users, and fetches their messages on their behalf. */
export const userService: AppOptions<typeof environment> = {
  name: 'user-service',
  defaultPort: DEFAULT_PORT,
  environment,
  module: (settings) => AppModule.with(settings),
  readiness: { 'authorization-server': AuthorizationServerHealthIndicator },
  openApi: {
    title: 'user-service',
    description: 'Users, and their messages, which it fetches from message-service by token exchange (RFC 8693).',
    version: '1',
    complete: describeSecurity,
  },
};
