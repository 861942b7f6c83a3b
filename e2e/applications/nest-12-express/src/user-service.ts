// #region setup
import { randomUUID } from 'node:crypto';
import { Test } from '@nestjs/testing';
import { createTestExchange, fakeDownstream } from '@onbehalf/testing';
import { AppModule } from './app.module.js';

/** The application as it is, between an authorization server and a message-service that live in the test. */
export async function startUserService() {
  const clientSecret = randomUUID();
  const exchange = await createTestExchange({
    audience: 'user-service',
    clients: { 'user-service': clientSecret },
    rules: [{ target: 'message-service', subjectAudience: 'user-service', scopes: ['message.read'] }],
  });
  const messages = await fakeDownstream({
    issuer: exchange,
    audience: 'message-service',
    rules: [{ path: '/message', scope: 'message.read', answer: { body: { message: 'Hello' } } }],
  });
  const settings = { issuer: exchange.issuer, clientSecret, messageService: messages.url };
  const module = await Test.createTestingModule({ imports: [AppModule.forRoot(settings)] }).compile();
  const app = await module.createNestApplication().init();
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    exchange,
    messages,
    message: async (authorization: string) => fetch(`${url}/user/message`, { headers: { authorization } }),
    stop: () => Promise.all([app.close(), messages.close(), exchange.close()]),
  };
}
// #endregion
