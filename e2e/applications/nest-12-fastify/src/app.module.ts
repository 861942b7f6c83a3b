import { Controller, Get, Module } from '@nestjs/common';
import { CurrentActor, CurrentSubject, ResourceServerModule, Scopes } from '@onbehalf/resource-server';

@Controller()
export class MessageController {
  @Get('message')
  @Scopes('message.read')
  message(@CurrentSubject() subject: string, @CurrentActor() actor?: { sub: string }) {
    return { message: `Hello ${subject}`, askedBy: actor?.sub ?? subject };
  }
}

@Module({
  imports: [ResourceServerModule.forRoot({ issuer: process.env['ISSUER'], audience: 'message-service', global: true })],
  controllers: [MessageController],
})
export class AppModule {}
