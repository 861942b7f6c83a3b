import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TokenType } from '@onbehalf/oauth-protocol';
import { ResourceServerModule } from '@onbehalf/resource-server';
import { authenticationOf, credentialsOf } from '@onbehalf/service-host';
import {
  DownstreamExceptionFilter,
  TokenExchangeModule,
  type ActorSource,
  type DownstreamDefinition,
} from '@onbehalf/token-exchange-client';
import { CalendarStep } from './plan/calendar.step.js';
import { MessagesStep } from './plan/messages.step.js';
import { OrdersStep } from './plan/orders.step.js';
import { Planner } from './plan/planner.js';
import { QuestionController } from './questions/question.controller.js';
import { DEMO_PARTNER_SECRET, DEMO_SECRET, type Settings } from './settings.js';

/** By which the agent proves, at each exchange, that it is the one who acts. */
const ITSELF: ActorSource = { scope: 'act' };

/** A token of the provider itself, from the account that the user has linked. */
const calendarAt = (baseUrl: string): DownstreamDefinition => ({
  name: 'calendar',
  audience: 'calendar',
  scope: 'calendar.read',
  requestedTokenType: TokenType.ConnectedAccount,
  actor: ITSELF,
  baseUrl,
});

/** A service of another company, whose authorization server gives its token for a grant of the own one. */
const ordersAt = (baseUrl: string, settings: Settings): DownstreamDefinition => ({
  name: 'order-service',
  actor: ITSELF,
  baseUrl,
  across: {
    kind: 'chaining',
    audience: settings.PARTNER_ISSUER,
    resource: settings.ORDER_SERVICE_RESOURCE,
    scope: 'order.read',
    clientAuthentication: {
      method: 'client_secret_basic',
      clientId: settings.PARTNER_CLIENT_ID,
      clientSecret: settings.PARTNER_CLIENT_SECRET ?? DEMO_PARTNER_SECRET,
    },
    ...(settings.PARTNER_TOKEN_ENDPOINT !== undefined && { tokenEndpoint: settings.PARTNER_TOKEN_ENDPOINT }),
  },
});

@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    const client = credentialsOf(settings, DEMO_SECRET);
    const url = settings.PUBLIC_URL ?? `http://localhost:${settings.PORT}`;
    return {
      module: AppModule,
      imports: [
        ResourceServerModule.forRoot({
          issuer: settings.ISSUER,
          jwksUri: settings.JWKS_URI,
          audience: settings.AUDIENCE,
          revocationFeed:
            settings.REVOCATIONS_URI === undefined ? undefined : { url: settings.REVOCATIONS_URI, client },
          resource: { resource: url },
          dpop: { baseUrl: url },
          allowInsecureHttp: settings.ALLOW_INSECURE_HTTP,
          cache: true,
          global: true,
        }),
        TokenExchangeModule.forRoot({
          issuer: settings.ISSUER,
          tokenEndpoint: settings.TOKEN_ENDPOINT,
          clientAuthentication: authenticationOf(client),
          allowInsecureHttp: settings.ALLOW_INSECURE_HTTP,
        }),
        TokenExchangeModule.forFeature([
          {
            name: 'user-service',
            audience: 'user-service',
            scope: 'user.read',
            actor: ITSELF,
            baseUrl: settings.USER_SERVICE_URL,
          },
          ...(settings.CALENDAR_SERVICE_URL === undefined ? [] : [calendarAt(settings.CALENDAR_SERVICE_URL)]),
          ...(settings.ORDER_SERVICE_URL === undefined ? [] : [ordersAt(settings.ORDER_SERVICE_URL, settings)]),
        ]),
      ],
      controllers: [QuestionController],
      providers: [
        MessagesStep,
        ...(settings.CALENDAR_SERVICE_URL === undefined ? [] : [CalendarStep]),
        ...(settings.ORDER_SERVICE_URL === undefined ? [] : [OrdersStep]),
        Planner,
        { provide: APP_FILTER, useClass: DownstreamExceptionFilter },
      ],
    };
  }
}
