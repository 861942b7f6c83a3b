/** One Nest route: open, open with bare verifications in its handler, or behind the guard. */
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ResourceServerModule } from '@onbehalf/resource-server';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { serving } from './controllers.ts';
import { listening } from './listening.ts';

const { ISSUER, KEYS, TOKENS, GUARD, VERIFICATIONS } = process.env as Record<string, string>;
const jwks = JSON.parse(readFileSync(KEYS!, 'utf8')) as JSONWebKeySet;
const tokens = JSON.parse(readFileSync(TOKENS!, 'utf8')) as string[];
const keys = createLocalJWKSet(jwks);
const options = { issuer: ISSUER!, audience: 'user-service', typ: 'at+jwt', algorithms: ['ES256'] };
const answer = { ok: true };
let next = 0;

const routes = {
  plain: () => answer,
  bare: async () => {
    for (let left = Number(VERIFICATIONS); left > 0; left -= 1) {
      await jwtVerify(tokens[next++ % tokens.length]!, keys, options);
    }
    return answer;
  },
};
const guard = ResourceServerModule.forRoot({
  issuer: ISSUER!,
  jwks,
  algorithms: ['ES256'],
  audience: 'user-service',
  allowInsecureHttp: true,
  global: true,
  cache: GUARD === 'cached',
});
const app = await NestFactory.create<NestExpressApplication>(serving(routes, GUARD ? [guard] : []), { logger: false });
await app.init();
await listening(app.getHttpServer());
