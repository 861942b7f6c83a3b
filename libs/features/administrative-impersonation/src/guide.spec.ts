// #region closed
import { Controller, Post } from '@nestjs/common';
import { NotImpersonated } from '@onbehalf/resource-server';

@Controller('account')
export class AccountController {
  @Post('password')
  @NotImpersonated()
  changePassword() {
    return { changed: true };
  }
}
// #endregion

// #region notice
import { administrativeImpersonation } from '@onbehalf/feature-administrative-impersonation';

export const withNotice = administrativeImpersonation({
  onImpersonation: ({ administrator, subject, reason }) => {
    console.log(`${administrator} uses the account of ${subject}: ${reason}`);
  },
});
// #endregion

import { expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { IMPERSONATION_CLAIM } from '@onbehalf/oauth-protocol';
import { ResourceServerModule } from '@onbehalf/resource-server';
import { createTestIssuer } from '@onbehalf/testing';
import { compareReadme } from '@onbehalf/testing-internal';
import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';

it('the TypeScript of the guide is compiled and run here, as it stands there', () => {
  const guide = '../../../../docs/guides/administrative-impersonation.md';
  expect(compareReadme(import.meta.url, [], guide)).toEqual({ notQuoted: [], notTested: [] });
});

it('what must stay closed is closed to an impersonation, and open to the user', async () => {
  const issuer = await createTestIssuer();
  const imports = [ResourceServerModule.forTesting(issuer)];
  const module = await Test.createTestingModule({ imports, controllers: [AccountController] }).compile();
  const app = module.createNestApplication<NestExpressApplication>({ logger: false });
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}/account/password`;
  const statuses = [];
  for (const claims of [{}, { [IMPERSONATION_CLAIM]: { id: 'x', sub: 'support' } }]) {
    const headers = { authorization: `Bearer ${await issuer.token(claims)}` };
    statuses.push((await fetch(url, { method: 'POST', headers })).status);
  }
  await app.close();
  expect(statuses).toEqual([201, 403]);
});
