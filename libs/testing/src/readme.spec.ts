/* eslint-disable @typescript-eslint/no-unsafe-argument -- the examples hand over Nest's untyped server as their readers do */
import 'reflect-metadata';
import { expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { compareReadme } from '@onbehalf/testing-internal';
// #region guarded
import { Test } from '@nestjs/testing';
import { ResourceServerModule } from '@onbehalf/resource-server';
import { createTestIssuer } from '@onbehalf/testing';
import request from 'supertest';

const answersItsUsers = async () => {
  const issuer = await createTestIssuer();
  const imports = [ResourceServerModule.forTesting(issuer)];
  const module = await Test.createTestingModule({ imports, controllers: [MessageController] }).compile();
  const app = await module.createNestApplication().init();
  const token = await issuer.token();
  await request(app.getHttpServer()).get('/message').auth(token, { type: 'bearer' }).expect(200);
  await request(app.getHttpServer()).get('/message').expect(401);
  await app.close();
};
// #endregion

@Controller()
class MessageController {
  @Get('message')
  message(): string {
    return 'Hello';
  }
}

it('the examples of the README are those tested here', () => {
  expect(compareReadme(import.meta.url)).toEqual({ notQuoted: [], notTested: [] });
});

it('a guarded service answers its users', answersItsUsers);
