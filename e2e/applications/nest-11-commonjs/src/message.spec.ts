import { Controller, Get } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CurrentSubject, ResourceServerModule, Scopes } from '@onbehalf/resource-server';
import { createTestIssuer } from '@onbehalf/testing';
import request from 'supertest';

@Controller()
class MessageController {
  @Get('message')
  @Scopes('message.read')
  message(@CurrentSubject() subject: string) {
    return { message: `Hello ${subject}` };
  }
}

test('a message is for its subject', async () => {
  const issuer = await createTestIssuer();
  const imports = [ResourceServerModule.forTesting(issuer)];
  const module = await Test.createTestingModule({ imports, controllers: [MessageController] }).compile();
  const app = await module.createNestApplication().init();
  const token = await issuer.token({ sub: 'baeldung', scope: 'message.read' });
  await request(app.getHttpServer())
    .get('/message')
    .auth(token, { type: 'bearer' })
    .expect(200, /baeldung/);
  await app.close();
});
