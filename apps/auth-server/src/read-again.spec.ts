import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { parseServerConfig } from '@onbehalf/authorization-server';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { readEnvironment } from '@onbehalf/service-host';
import { exportJWK, generateKeyPair } from 'jose';
import { environment, type Settings } from './environment.js';
import { KeysInFile } from './keys-in-file.js';
import { readAgain } from './read-again.js';
import { ReadAtStart, restarting } from './read-at-start.js';

let folder: string;
beforeAll(() => void Logger.overrideLogger(false));
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'read-again-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const path = (name: string): string => join(folder, name);
const write = (name: string, content: string): void => writeFileSync(path(name), content);
const settings = (given: Record<string, string>): Settings => readEnvironment(environment, given);

describe('files that are read at the start alone', () => {
  const changed = (given: Record<string, string>, pages: object = {}) => {
    const files = new ReadAtStart(settings(given), parseServerConfig({ pages }, {}));
    return () => files.changed;
  };

  it('are named when their content is another one: the logo, the languages, and the key beside a SQLite file', () => {
    mkdirSync(path('languages'));
    write('logo.svg', '<svg/>');
    write('store.db.key', 'one');
    const now = changed(
      { DATABASE_URL: `sqlite:${path('store.db')}` },
      { logo: path('logo.svg'), languages: path('languages') },
    );
    expect(now()).toEqual([]);
    write('languages/de.yaml', 'login: Anmelden');
    expect(now()).toEqual(['pages']);
    rmSync(path('languages/de.yaml'));
    expect(now()).toEqual([]);
    rmSync(path('logo.svg'));
    write('store.db.key', 'two');
    expect(now()).toEqual(['pages', 'ENCRYPTION_KEYS']);
  });

  it('are none where keys are given, and where the logo is no file', () => {
    const ENCRYPTION_KEYS = randomBytes(32).toString('base64');
    const given = { DATABASE_URL: `sqlite:${path('store.db')}`, ENCRYPTION_KEYS };
    const now = changed(given, { logo: 'data:image/png;base64,iVBORw0KGgo=' });
    write('store.db.key', 'one');
    expect(now()).toEqual([]);
  });
});

describe('a setting that is otherwise', () => {
  const url = (password: string, name: string): string => `postgres://onbehalf:${password}@db/${name}`;

  it('needs a restart, unless it is a password that is read for each connection', () => {
    const [before, now] = [randomBytes(9).toString('hex'), randomBytes(9).toString('hex')];
    write('url', url(before, 'one'));
    const inFile = settings({ DATABASE_URL_FILE: path('url') });
    write('url', url(now, 'one'));
    expect(restarting(['DATABASE_URL', 'PORT'], inFile)).toEqual(['PORT']);
    write('url', url(now, 'other'));
    expect(restarting(['DATABASE_URL', 'PORT'], inFile)).toEqual(['DATABASE_URL', 'PORT']);
    expect(restarting(['DATABASE_URL'], settings({ DATABASE_URL: url(before, 'one') }))).toEqual(['DATABASE_URL']);
    write('password', now);
    const password = { DATABASE_URL: 'postgres://onbehalf@db/one', DATABASE_PASSWORD_FILE: path('password') };
    expect(restarting(['DATABASE_PASSWORD'], settings(password))).toEqual([]);
  });
});

describe('what a reload reads', () => {
  const mistake = (setting: string) => () => {
    throw new ConfigurationError(setting, 'wrong', 'right');
  };

  it('tells every mistake at once, and is nothing then', async () => {
    const reading = readAgain({
      config: mistake('clients'),
      needsRestart: mistake('PORT'),
      beside: mistake('SIGNING_KEYS_FILE'),
    });
    await expect(reading).rejects.toMatchObject({
      errors: ['clients', 'PORT', 'SIGNING_KEYS_FILE'].map((setting) => ({ setting })),
    });
  });

  it('has the keys of SIGNING_KEYS_FILE, and keeps those from before when the file is wrong', async () => {
    const made = async (alg: string, kid: string) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      return { ...(await exportJWK(privateKey)), alg, kid };
    };
    const [es, rs, next] = [await made('ES256', 'es'), await made('RS256', 'rs'), await made('ES256', 'next')];
    write('keys.json', JSON.stringify({ keys: [es, rs] }));
    const file = await KeysInFile.open(path('keys.json'), { signFor: 60, publishAhead: 60, retireFor: 60 });
    expect(await file.readAgain()).toMatchObject({ changed: [] });
    write('keys.json', JSON.stringify({ keys: [next, rs] }));
    const { changed, putInForce } = await file.readAgain();
    expect(changed).toEqual(['SIGNING_KEYS_FILE']);
    putInForce();
    expect(file.keys.current.map(({ kid }) => kid)).toEqual(['es', 'rs', 'next']);
    for (const [content, why] of [
      ['', 'a file that is not empty'],
      ['{', 'a readable JWK Set with private keys for ES256 and RS256'],
      [JSON.stringify({ keys: [rs] }), '256 (RS256: a private key for ES256)'],
      [JSON.stringify({ keys: [next, { ...rs, d: undefined }, rs] }), '256 (rs: a kid that no other key has)'],
    ] as const) {
      write('keys.json', content);
      const refused = file.readAgain().catch((error: Error) => error.message);
      expect(await refused).toContain(why);
      expect(await refused).toContain(`SIGNING_KEYS_FILE is "${path('keys.json')}"; accepted: `);
      expect(await refused).not.toContain(String(rs.d));
    }
    expect(file.keys.current.map(({ kid }) => kid)).toEqual(['es', 'rs', 'next']);
  });
});
