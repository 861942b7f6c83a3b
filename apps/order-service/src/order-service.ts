import { AuthorizationServerHealthIndicator, describeSecurity } from '@onbehalf/resource-server';
import type { AppOptions } from '@onbehalf/service-host';
import { AppModule } from './app.module.js';
import { DEFAULT_PORT, environment } from './settings.js';

/** Keeps orders at another company, and gives them only to tokens of that company's own authorization server. */
export const orderService: AppOptions<typeof environment> = {
  name: 'order-service',
  defaultPort: DEFAULT_PORT,
  environment,
  module: (settings) => AppModule.with(settings),
  readiness: { 'authorization-server': AuthorizationServerHealthIndicator },
  openApi: {
    title: 'order-service',
    description: 'Orders. Accepts only tokens with the audience order-service and the scope order.read.',
    version: '1',
    complete: describeSecurity,
  },
};
