import { Module, type DynamicModule } from '@nestjs/common';
import { ResourceServerModule } from '@onbehalf/resource-server';
import { EventController } from './events/event.controller.js';
import type { Settings } from './settings.js';

@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ResourceServerModule.forRoot({
          issuer: settings.ISSUER,
          jwksUri: settings.JWKS_URI,
          audience: settings.AUDIENCE,
          resource: { resource: settings.PUBLIC_URL ?? `http://localhost:${settings.PORT}` },
          allowInsecureHttp: settings.ALLOW_INSECURE_HTTP,
          cache: true,
          global: true,
        }),
      ],
      controllers: [EventController],
    };
  }
}
