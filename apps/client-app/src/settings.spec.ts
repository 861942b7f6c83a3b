import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { hostSettings, readEnvironment } from '@onbehalf/service-host';
import { DEFAULT_PORT, environment } from './settings.js';

const all = environment.safeExtend(hostSettings(DEFAULT_PORT).shape);
const example = parseEnv(readFileSync(new URL('../.env.example', import.meta.url), 'utf8'));

describe('.env.example', () => {
  it('names every setting, and none that does not exist', () => {
    expect(Object.keys(example).toSorted()).toEqual(Object.keys(all.shape).toSorted());
  });

  it('shows the defaults', () => {
    expect(readEnvironment(all, example)).toEqual(readEnvironment(all, {}));
  });
});

describe('CLIENT_SECRET', () => {
  it('may be left out only while the authorization server is on this machine', () => {
    expect(() => readEnvironment(all, { ISSUER: 'https://login.example.com' })).toThrow(
      'CLIENT_SECRET is missing; accepted: the secret of this client',
    );
    expect(() =>
      readEnvironment(all, { ISSUER: 'https://login.example.com', CLIENT_SECRET: randomUUID() }),
    ).not.toThrow();
  });
});

describe('ENCRYPTION_KEYS', () => {
  it('is separated by commas, or one a line as in the file beside a SQLite file', () => {
    const keys = [randomUUID(), randomUUID()];
    for (const separator of [',', '\n']) {
      expect(readEnvironment(all, { ENCRYPTION_KEYS: keys.join(separator) }).ENCRYPTION_KEYS).toEqual(keys);
    }
  });
});

describe('what is known to everybody', () => {
  it.each([
    ['ENCRYPTION_KEYS', 'ZGVtby1rZXktb2YtMzItYnl0ZXMtbm90LXNlY3JldCE='],
    ['DATABASE_URL', 'postgres://onbehalf:onbehalf@postgres:5432/onbehalf'],
  ])('as %s keeps others out on this machine only', (name, value) => {
    const elsewhere = {
      ISSUER: 'https://login.example.com',
      CLIENT_SECRET: randomUUID(),
      PARTNER_CLIENT_SECRET: randomUUID(),
    };
    expect(() => readEnvironment(all, { [name]: value })).not.toThrow();
    expect(() => readEnvironment(all, { ...elsewhere, [name]: value })).toThrow(`${name} is`);
    expect(() => readEnvironment(all, elsewhere)).not.toThrow();
  });
});
