import { setImmediate as nextTurn } from 'node:timers/promises';
import { Controller, Get, Module, type ExecutionContext } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { MessagePattern } from '@nestjs/microservices';
import { currentAccessToken } from '@onbehalf/jwt-verification';
import { CurrentSubject, ResourceServerModule, Scopes } from '@onbehalf/resource-server';
import {
  DownstreamClient,
  DownstreamExceptionFilter,
  InjectDownstream,
  TokenExchangeModule,
} from '@onbehalf/token-exchange-client';

const issuer = process.env['ISSUER']!;

@Controller()
export class UserController {
  constructor(@InjectDownstream('message-service') private readonly messages: DownstreamClient) {}

  @Get('user/message')
  @Scopes('user.read')
  message() {
    return this.messages.get('/message');
  }

  /** Who is known here, and who still is when others have had their turns. */
  @MessagePattern('whoami')
  @Scopes('user.read')
  async whoami(@CurrentSubject() subject: string) {
    const seen = [subject];
    for (let turn = 0; turn < 3; turn++) {
      await nextTurn();
      seen.push(currentAccessToken()?.subject ?? 'nobody');
    }
    return seen;
  }
}

/** A message over TCP has no headers: the token is a member of it. */
function request(context: ExecutionContext) {
  if (context.getType() !== 'rpc') return undefined;
  const { authorization } = context.switchToRpc().getData<{ authorization?: string }>();
  return { headers: { ...(authorization !== undefined && { authorization }) } };
}

@Module({
  imports: [
    ResourceServerModule.forRoot({ issuer, audience: 'user-service', global: true, request }),
    TokenExchangeModule.forRoot({
      issuer,
      clientAuthentication: {
        method: 'client_secret_basic',
        clientId: 'user-service',
        clientSecret: process.env['CLIENT_SECRET']!,
      },
    }),
    TokenExchangeModule.forFeature([
      {
        name: 'message-service',
        audience: 'message-service',
        scope: 'message.read',
        baseUrl: process.env['MESSAGE_SERVICE']!,
      },
    ]),
  ],
  controllers: [UserController],
  providers: [{ provide: APP_FILTER, useClass: DownstreamExceptionFilter }],
})
export class AppModule {}
