import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ResourceServerModule } from '@onbehalf/resource-server';
import { authenticationOf, credentialsOf } from '@onbehalf/service-host';
import { DownstreamExceptionFilter, TokenExchangeModule } from '@onbehalf/token-exchange-client';
import { DEMO_SECRET, type Settings } from './settings.js';
import { PRODUCTS } from './token-profile.js';
import { MessageController } from './users/message.controller.js';
import { ProfileController } from './users/profile.controller.js';

@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    const client = credentialsOf(settings, DEMO_SECRET);
    const { profile, preset, namesAudience } = PRODUCTS[settings.TOKEN_PROFILE];
    const url = settings.PUBLIC_URL ?? `http://localhost:${settings.PORT}`;
    return {
      module: AppModule,
      imports: [
        ResourceServerModule.forRoot({
          issuer: settings.ISSUER,
          jwksUri: settings.JWKS_URI,
          profile,
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
          preset,
          clientAuthentication: authenticationOf(client),
          allowInsecureHttp: settings.ALLOW_INSECURE_HTTP,
        }),
        TokenExchangeModule.forFeature([
          {
            name: 'message-service',
            ...(namesAudience && { audience: 'message-service' }),
            scope: 'message.read',
            baseUrl: settings.MESSAGE_SERVICE_URL,
          },
        ]),
      ],
      controllers: [MessageController, ProfileController],
      providers: [{ provide: APP_FILTER, useClass: DownstreamExceptionFilter }],
    };
  }
}
