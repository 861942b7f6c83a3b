/* eslint-disable @typescript-eslint/no-unsafe-argument -- the examples hand over Nest's untyped server as their readers do */
import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
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

/** Of an application that e2e/src/packages.spec.ts installs, and whose tests it runs by all three runners. */
const OF_APPLICATION = ['user-service.ts', 'user-service.jest.ts', 'user-service.vitest.ts', 'user-service.node.ts'];
const application = new URL('../../../e2e/applications/nest-12-express/src/', import.meta.url);

it('the examples of the README are those tested here, and by each runner in an application', () => {
  const readme = fileURLToPath(new URL('../README.md', import.meta.url));
  const compared = [new URL(import.meta.url), ...OF_APPLICATION.map((file) => new URL(file, application))].map((spec) =>
    compareReadme(spec.href, [], readme),
  );
  expect(compared.flatMap(({ notQuoted }) => notQuoted)).toEqual([]);
  // what none of the files holds
  const [[, ...others], all = []] = [compared.map(({ notTested }) => notTested), compared[0]?.notTested];
  expect(all.filter((line) => others.every((untested) => untested.includes(line)))).toEqual([]);
});

it('a guarded service answers its users', answersItsUsers);
