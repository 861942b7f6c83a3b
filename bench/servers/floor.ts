/**
 * The floor under an exchange: a bare server that parses the form, verifies the subject token's signature and claims,
 * and signs a token of the same size. No client authentication, no policy, no store, no audit, no logs.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { createLocalJWKSet, importJWK, jwtVerify, SignJWT, type JSONWebKeySet } from 'jose';
import { listening } from './listening.ts';

const { ISSUER, KEYS, ALGORITHM = 'ES256' } = process.env as { ISSUER: string; KEYS: string; ALGORITHM?: string };
const jwks = JSON.parse(readFileSync(KEYS, 'utf8')) as JSONWebKeySet;
const keys = createLocalJWKSet({
  keys: jwks.keys.map(({ kty, kid, alg, crv, x, y, n, e }) => ({ kty, kid, alg, crv, x, y, n, e })),
});
const signing = await importJWK(
  jwks.keys.find(({ alg }) => alg === ALGORITHM)!,
  ALGORITHM,
);

await listening(
  createServer((request, response) => {
    void read(request)
      .then(exchange)
      .then((body) =>
        response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(body),
      )
      .catch((error: Error) => response.writeHead(500).end(error.message));
  }),
);

async function exchange(text: string): Promise<string> {
  const form = new URLSearchParams(text);
  const options = { issuer: ISSUER, audience: 'user-service', typ: 'at+jwt', algorithms: ['ES256'] };
  const { payload } = await jwtVerify(form.get('subject_token') ?? '', keys, options);
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: ISSUER,
    sub: payload.sub!,
    aud: form.get('audience')!,
    scope: form.get('scope')!,
    client_id: 'user-service',
    act: { sub: 'user-service' },
    iat: now,
    exp: now + 300,
    jti: randomUUID(),
  };
  const header = { alg: ALGORITHM, kid: ALGORITHM, typ: 'at+jwt' };
  const token = await new SignJWT(claims).setProtectedHeader(header).sign(signing);
  return JSON.stringify({
    access_token: token,
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: 'Bearer',
    expires_in: 300,
    scope: claims.scope,
  });
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
