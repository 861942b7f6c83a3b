import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TokenType } from '@onbehalf/oauth-protocol';
import { ResourceServerModule } from '@onbehalf/resource-server';
import {
  DownstreamExceptionFilter,
  TokenExchangeModule,
  type ActorSource,
  type DownstreamDefinition,
} from '@onbehalf/token-exchange-client';
import { CalendarStep } from './plan/calendar.step.js';
import { MessagesStep } from './plan/messages.step.js';
import { Planner } from './plan/planner.js';
import { QuestionController } from './questions/question.controller.js';
import { DEMO_SECRET, type Settings } from './settings.js';

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

@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    const client = { clientId: settings.CLIENT_ID, clientSecret: settings.CLIENT_SECRET ?? DEMO_SECRET };
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
          clientAuthentication: { method: 'client_secret_basic', ...client },
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
        ]),
      ],
      controllers: [QuestionController],
      providers: [
        MessagesStep,
        ...(settings.CALENDAR_SERVICE_URL === undefined ? [] : [CalendarStep]),
        Planner,
        { provide: APP_FILTER, useClass: DownstreamExceptionFilter },
      ],
    };
  }
}
