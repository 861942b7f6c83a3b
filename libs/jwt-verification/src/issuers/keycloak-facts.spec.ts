import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { verifyAccessToken } from '../verification/verify-access-token.js';
import { keycloakProfile } from './compatibility-profiles.js';

interface Recorded {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** As a running Keycloak has issued them; `npm run soak -- keycloak` compares them with one. */
const { tokens } = JSON.parse(
  readFileSync(new URL('../../../../examples/keycloak/facts.json', import.meta.url), 'utf8'),
) as { readonly tokens: Readonly<Record<string, Recorded>> };

/** What changes with every token. */
const NOT_KEPT = ['iss', 'exp', 'iat', 'nbf'];

describe('the tokens of Keycloak as they are recorded', () => {
  let issuer: TestIssuer;
  beforeAll(async () => {
    issuer = await createTestIssuer({ algorithm: 'RS256' });
  });

  it.each([
    ['A', 'user-service', 'client-app'],
    ['B', 'message-service', 'user-service'],
    ['C', 'user-service', 'message-service'],
  ])('%s is for %s, which %s has asked for, and nobody acts', async (name, audience, clientId) => {
    const { header, claims } = tokens[name]!;
    const kept = Object.entries(claims).filter(([claim]) => !NOT_KEPT.includes(claim));
    const ofTest = { client_id: undefined, scope: undefined, jti: undefined, header: { typ: header['typ'] } };
    const token = await issuer.token({ ...ofTest, ...Object.fromEntries(kept) });
    const expected = { issuers: [{ ...issuer, profile: keycloakProfile }] };
    await expect(verifyAccessToken(token, { ...expected, audiences: [audience] })).resolves.toMatchObject({
      subject: 'baeldung',
      audiences: [audience],
      clientId,
      actors: [],
      scopes: String(claims['scope']).split(' '),
    });
    const others = { ...expected, audiences: ['another-service'] };
    await expect(verifyAccessToken(token, others)).rejects.toMatchObject({ name: 'TokenRejection' });
  });
});
