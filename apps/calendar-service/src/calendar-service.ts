import { AuthorizationServerHealthIndicator, describeSecurity } from '@onbehalf/resource-server';
import type { AppOptions } from '@onbehalf/service-host';
import { AppModule } from './app.module.js';
import { DEFAULT_PORT, environment } from './settings.js';

/** Keeps calendars at a provider, and shows them only to tokens of that provider's own authorization server. */
export const calendarService: AppOptions<typeof environment> = {
  name: 'calendar-service',
  defaultPort: DEFAULT_PORT,
  environment,
  module: (settings) => AppModule.with(settings),
  readiness: { 'authorization-server': AuthorizationServerHealthIndicator },
  openApi: {
    title: 'calendar-service',
    description: 'Calendars. Accepts only tokens with the audience calendar-service and the scope calendar.read.',
    version: '1',
    complete: describeSecurity,
  },
};
