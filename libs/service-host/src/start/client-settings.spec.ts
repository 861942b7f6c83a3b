import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { authenticationOf, clientSettings, credentialsOf, withCredentials } from './client-settings.js';
import { readEnvironment } from './environment.js';

const DEMO = 'user-service-secret';
const schema = withCredentials(
  z.object({ ISSUER: z.string(), CLIENT_ID: z.string().default('a'), ...clientSettings }),
  DEMO,
);
const read = (source: Record<string, string>) =>
  readEnvironment(schema, { ISSUER: 'https://login.example.com', ...source });

describe('how an app proves who it is', () => {
  it('by a secret', () => {
    const secret = randomUUID();
    const credentials = credentialsOf(read({ CLIENT_SECRET: secret }), DEMO);
    expect(authenticationOf(credentials)).toEqual({
      method: 'client_secret_basic',
      clientId: 'a',
      clientSecret: secret,
    });
  });

  it('by the token of its platform, without any secret', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'identity-')), 'token');
    const given = read({ CLIENT_ASSERTION_FILE: file });
    expect(() => credentialsOf(given, DEMO)).toThrow(
      `CLIENT_ASSERTION_FILE is "${file}"; accepted: the path of a file that holds a JWT (ENOENT)`,
    );
    writeFileSync(file, 'a.b.c');
    expect(authenticationOf(credentialsOf(given, DEMO))).toEqual({
      method: 'private_key_jwt',
      clientId: 'a',
      assertionFile: file,
    });
  });

  it('by what ships with the project, for a server on this machine alone', () => {
    const given = read({ ISSUER: 'http://localhost:9001' });
    expect(credentialsOf(given, DEMO)).toEqual({ clientId: 'a', clientSecret: DEMO });
    expect(() => read({})).toThrow('CLIENT_SECRET is missing; accepted: the secret of this client');
    expect(() => read({ CLIENT_SECRET: DEMO })).toThrow('CLIENT_SECRET is "(not shown)"');
  });

  it('by one of them', () => {
    const both = { CLIENT_SECRET: randomUUID(), CLIENT_ASSERTION_FILE: '/var/run/token' };
    expect(() => read(both)).toThrow('CLIENT_ASSERTION_FILE is "/var/run/token"; accepted: either CLIENT_SECRET or');
  });
});
