import { beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { IssuerKeys, VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import type { Server } from 'node:http';
import request from 'supertest';
import { ResourceServerModule } from '../index.js';
import { VerifiedTokenCache } from './verified-token-cache.js';

const NOW = 1_800_000_000;

@Controller()
class MessageController {
  @Get('message')
  read() {
    return 'hello';
  }
}

describe('VerifiedTokenCache', () => {
  let now = NOW;
  let verifications: string[];
  const cacheOf = (maxEntries = 10, maxAge = 60) => {
    verifications = [];
    now = NOW;
    return new VerifiedTokenCache({ maxEntries, maxAge, clock: () => now });
  };
  const verified = (token: string, expiresAt = NOW + 300) => {
    verifications.push(token);
    return Promise.resolve({ token, expiresAt } as VerifiedAccessToken);
  };

  it('verifies a token once', async () => {
    const cache = cacheOf();
    const first = await cache.get('a', () => verified('a'));
    expect(await cache.get('a', () => verified('a'))).toBe(first);
    expect(verifications).toEqual(['a']);
  });

  it('counts a verification no longer than its maximum age', async () => {
    const cache = cacheOf(10, 60);
    for (const seconds of [0, 59, 60]) {
      now = NOW + seconds;
      await cache.get('a', () => verified('a'));
    }
    expect(verifications).toEqual(['a', 'a']);
  });

  it('never answers past the expiry of the token, whatever tolerance there is', async () => {
    const cache = cacheOf();
    for (const seconds of [0, 9, 10, 11]) {
      now = NOW + seconds;
      await cache.get('a', () => verified('a', NOW + 10));
    }
    expect(verifications).toEqual(['a', 'a', 'a']);
  });

  it('counts a verification no longer when the clock is set back', async () => {
    const cache = cacheOf(10, 60);
    for (const seconds of [0, -1]) {
      now = NOW + seconds;
      await cache.get('a', () => verified('a'));
    }
    expect(verifications).toEqual(['a', 'a']);
  });

  it('keeps no refusal', async () => {
    const cache = cacheOf();
    await expect(cache.get('a', () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    await cache.get('a', () => verified('a'));
    expect(verifications).toEqual(['a']);
  });

  it('gives requests nothing that one could change for another', async () => {
    const cache = cacheOf();
    const claims = { roles: ['reader'] };
    const token = await cache.get('a', () => Promise.resolve({ token: 'a', expiresAt: NOW + 300, claims } as never));
    expect(() => (token.claims['roles'] as string[]).push('admin')).toThrow(TypeError);
    expect(() => Object.assign(token, { subject: 'admin' })).toThrow(TypeError);
  });

  it('is bounded: the token used longest ago goes first', async () => {
    const cache = cacheOf(2);
    for (const token of ['a', 'b', 'a', 'c', 'a', 'b']) await cache.get(token, () => verified(token));
    expect(verifications).toEqual(['a', 'b', 'c', 'b']);
  });
});

describe('the guard with a cache', () => {
  let issuer: TestIssuer;
  let lookups = 0;
  let keys: IssuerKeys;
  beforeAll(async () => {
    issuer = await createTestIssuer({ clock: () => NOW });
    keys = {
      find: (header) => {
        lookups++;
        return issuer.keys.find(header);
      },
    };
  });

  const start = async (audience: string) => {
    const module = await Test.createTestingModule({
      imports: [ResourceServerModule.forTesting({ ...issuer, keys, audience }, { cache: true, clock: () => NOW })],
      controllers: [MessageController],
    }).compile();
    return module.createNestApplication<INestApplication<Server>>().init();
  };
  const status = async (app: INestApplication<Server>, token: string) =>
    (await request(app.getHttpServer()).get('/message').auth(token, { type: 'bearer' })).status;

  it('verifies a signature once, and never across audiences', async () => {
    const [one, other] = await Promise.all([start('one'), start('other')]);
    const token = await issuer.token({ aud: 'one' });
    lookups = 0;
    expect([await status(one, token), await status(one, token), await status(one, token)]).toEqual([200, 200, 200]);
    expect(lookups).toBe(1);
    expect(await status(other, token)).toBe(401);
    expect(await status(one, `${token.slice(0, -4)}AAAA`)).toBe(401);
    await Promise.all([one.close(), other.close()]);
  });
});
