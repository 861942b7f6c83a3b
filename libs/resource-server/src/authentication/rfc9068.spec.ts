import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { requirement } from '@onbehalf/testing-internal';
import type { Server } from 'node:http';
import request from 'supertest';
import { ResourceServerModule } from '../index.js';

@Controller()
class MessageController {
  @Get('message')
  read() {
    return 'hello';
  }
}

describe('RFC 9068 §4: how the guard validates an access token', () => {
  let issuer: TestIssuer;
  let app: INestApplication<Server>;
  beforeAll(async () => {
    issuer = await createTestIssuer();
    const module = await Test.createTestingModule({
      imports: [ResourceServerModule.forTesting(issuer)],
      controllers: [MessageController],
    }).compile();
    app = await module.createNestApplication<INestApplication<Server>>().init();
  });
  afterAll(() => app.close());

  const answer = async (token: string) => {
    const { status, headers } = await request(app.getHttpServer()).get('/message').auth(token, { type: 'bearer' });
    return [status, /error="(\w+)"/.exec(String(headers['www-authenticate']))?.[1]];
  };
  const ACCEPTED = [200, undefined];
  // RFC 9068 §4: failures are told as RFC 6750 §3.1 describes, with invalid_token
  const REFUSED = [401, 'invalid_token'];

  it(requirement('RFC9068-4-typ', 'the typ header value MUST be at+jwt or application/at+jwt'), async () => {
    for (const typ of ['at+jwt', 'application/at+jwt'])
      expect(await answer(await issuer.token({ header: { typ } }))).toEqual(ACCEPTED);
    for (const typ of ['JWT', 'dpop+jwt', undefined])
      expect(await answer(await issuer.token({ header: { typ } }))).toEqual(REFUSED);
  });

  it(requirement('RFC9068-4-issuer', 'the issuer identifier MUST exactly match the value of iss'), async () => {
    expect(await answer(await issuer.token({ iss: issuer.issuer }))).toEqual(ACCEPTED);
    for (const iss of [`${issuer.issuer}/`, issuer.issuer.toUpperCase(), undefined])
      expect(await answer(await issuer.token({ iss }))).toEqual(REFUSED);
  });

  it(
    requirement('RFC9068-4-audience', 'aud MUST contain an identifier that the recipient expects for itself'),
    async () => {
      const { audience } = issuer;
      for (const aud of [audience, ['other', audience]])
        expect(await answer(await issuer.token({ aud }))).toEqual(ACCEPTED);
      for (const aud of ['other', `${audience}-2`, [], undefined])
        expect(await answer(await issuer.token({ aud }))).toEqual(REFUSED);
    },
  );

  it(
    requirement('RFC9068-4-signature', 'the signature MUST be validated, with the keys of the authorization server'),
    async () => {
      const impostor = await createTestIssuer({ issuer: issuer.issuer });
      expect(await answer(await impostor.token())).toEqual(REFUSED);
      const [header, , signature] = (await issuer.token()).split('.');
      const [, claims] = (await issuer.token({ sub: 'somebody else' })).split('.');
      expect(await answer([header, claims, signature].join('.'))).toEqual(REFUSED);
    },
  );

  it(requirement('RFC9068-4-none', 'a JWT in which the value of alg is none MUST be rejected'), async () => {
    const [, claims] = (await issuer.token()).split('.');
    for (const alg of ['none', 'None', 'NONE']) {
      const header = Buffer.from(JSON.stringify({ alg, typ: 'at+jwt' })).toString('base64url');
      expect(await answer(`${header}.${claims}.`)).toEqual(REFUSED);
    }
  });

  it(requirement('RFC9068-4-expiry', 'the current time MUST be before the time of exp'), async () => {
    const now = Math.floor(Date.now() / 1000);
    expect(await answer(await issuer.token({ exp: now + 60 }))).toEqual(ACCEPTED);
    for (const exp of [now - 60, undefined]) expect(await answer(await issuer.token({ exp }))).toEqual(REFUSED);
  });
});
