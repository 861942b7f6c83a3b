import { Controller, Get, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ResourceServerModule, Scopes } from '@onbehalf/resource-server';
import {
  DownstreamClient,
  DownstreamExceptionFilter,
  fetchOnBehalf,
  InjectDownstream,
  TokenExchangeModule,
} from '@onbehalf/token-exchange-client';

@Controller('user')
@Scopes('user.read')
export class UserController {
  constructor(@InjectDownstream('message-service') private readonly messages: DownstreamClient) {}

  @Get('message')
  message() {
    return this.messages.get('/message');
  }

  @Get('fetched')
  async fetched(): Promise<unknown> {
    return (await fetchOnBehalf(this.messages)('/message')).json();
  }

  /** What axios alone can do. */
  @Get('http')
  http(): string {
    try {
      return String(this.messages.http);
    } catch (error) {
      return (error as Error).message;
    }
  }
}

export interface Settings {
  readonly issuer: string;
  readonly clientSecret: string;
  readonly messageService: string;
}

/** The client's part, which tests take as it is. */
export function downstream({ issuer, clientSecret, messageService }: Settings) {
  return [
    TokenExchangeModule.forRoot({
      issuer,
      clientAuthentication: { method: 'client_secret_basic', clientId: 'user-service', clientSecret },
    }),
    TokenExchangeModule.forFeature([
      { name: 'message-service', audience: 'message-service', scope: 'message.read', baseUrl: messageService },
    ]),
  ];
}

@Module({})
export class AppModule {
  static forRoot(settings: Settings) {
    const guard = ResourceServerModule.forRoot({ issuer: settings.issuer, audience: 'user-service', global: true });
    return {
      module: AppModule,
      imports: [guard, ...downstream(settings)],
      controllers: [UserController],
      providers: [{ provide: APP_FILTER, useClass: DownstreamExceptionFilter }],
    };
  }
}
