import assert from 'node:assert/strict';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { ResourceServerModule } from '@onbehalf/resource-server';
import { createTestIssuer } from '@onbehalf/testing';
import { MessageController } from './app.module.js';

/** What each of the test runners runs. */
export async function aMessageIsForItsSubject(): Promise<void> {
  const issuer = await createTestIssuer();
  const imports = [ResourceServerModule.forTesting(issuer)];
  const module = await Test.createTestingModule({ imports, controllers: [MessageController] }).compile();
  const app = await module.createNestApplication<NestFastifyApplication>(new FastifyAdapter()).init();
  const get = (headers: Record<string, string>) => app.inject({ method: 'GET', url: '/message', headers });
  const authorization = `Bearer ${await issuer.token({ sub: 'baeldung', scope: 'message.read' })}`;
  const { body } = await get({ authorization });
  assert.deepEqual(JSON.parse(body), { message: 'Hello baeldung', askedBy: 'baeldung' });
  assert.equal((await get({})).statusCode, 401);
  await app.close();
}
