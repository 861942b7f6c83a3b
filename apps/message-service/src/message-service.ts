import { AuthorizationServerHealthIndicator, describeSecurity } from '@onbehalf/resource-server';
import type { AppOptions } from '@onbehalf/service-host';
import { AppModule } from './app.module.js';
import { DEFAULT_PORT, environment } from './settings.js';

/** Keeps messages, and gives them only to tokens made for it. */
export const messageService: AppOptions<typeof environment> = {
  name: 'message-service',
  defaultPort: DEFAULT_PORT,
  environment,
  module: (settings) => AppModule.with(settings),
  readiness: { 'authorization-server': AuthorizationServerHealthIndicator },
  openApi: {
    title: 'message-service',
    description: 'Messages. Accepts only tokens with the audience message-service and the scope message.read.',
    version: '1',
    complete: describeSecurity,
  },
};
