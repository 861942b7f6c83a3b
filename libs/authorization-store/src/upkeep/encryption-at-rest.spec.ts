import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SealBroken } from '@onbehalf/authorization-ports';
import { testDatabases } from '@onbehalf/testing-internal';
import { sql } from 'kysely';
import type { AuthorizationStore } from '../authorization-store.js';
import { parseStoreUrl } from '../database/address/store-url.js';
import { connect, openStore } from '../open-store.js';
import { SealingKeys } from '../sealing/sealing-keys.js';

const databases = await testDatabases();
const newKey = () => randomBytes(32).toString('base64');
const secret = (name: string) => `${name}-${randomBytes(16).toString('hex')}`;

describe.each(databases)('encryption at rest on $name', (kind) => {
  let directory: string;
  let url: string;
  const oldKey = newKey();
  const secrets = {
    session: secret('session'),
    code: secret('code'),
    refresh: secret('refresh'),
    userCode: secret('user-code'),
    replay: secret('replay'),
    clientSecret: secret('client-secret'),
    privateKey: secret('private-key'),
    cookieKey: secret('cookie-key'),
  };
  const fill = async (store: AuthorizationStore) => {
    const save = (model: string, id: string, more = {}) =>
      store.providerAdapter(model).upsert(id, { jti: id, ...more }, 600);
    await save('Session', secrets.session, { uid: 'uid' });
    await save('AuthorizationCode', secrets.code);
    await save('RefreshToken', secrets.refresh);
    await save('DeviceCode', 'device', { userCode: secrets.userCode });
    await save('Client', 'client', { client_secret: secrets.clientSecret });
    await store.replay.use(secrets.replay, Date.now() / 1000 + 600);
    await store.keys.begin({ kid: 'k', algorithm: 'ES256', publicJwk: {}, privateJwk: { d: secrets.privateKey } });
    await store.secrets.get('cookies', () => secrets.cookieKey);
    await store.audit.append({ type: 'login', subject: 'baeldung' });
  };
  const open = (...encryptionKeys: string[]) => openStore({ url, encryptionKeys });
  const usable = async (store: AuthorizationStore) => {
    expect(await store.providerAdapter('Session').findByUid('uid')).toMatchObject({ jti: secrets.session });
    expect(await store.providerAdapter('RefreshToken').find(secrets.refresh)).toBeDefined();
    expect(await store.keys.list()).toMatchObject([{ privateJwk: { d: secrets.privateKey } }]);
    expect(await store.secrets.get('cookies', () => 'another')).toBe(secrets.cookieKey);
    expect(await store.audit.verify()).toMatchObject({ ok: true });
  };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'onbehalf-rest-'));
    url = kind.name === 'SQLite' ? `sqlite:${join(directory, 'store.db')}` : await kind.database();
  });
  afterEach(() => rm(directory, { recursive: true }));
  afterAll(() => kind.stop());

  it('leaves no usable secret, code, refresh token or private key in a dump', async () => {
    const store = await open(oldKey);
    await fill(store);
    const text = await dump();
    // the dump is a real one: what is no secret stands in it
    expect(text).toContain('baeldung');
    for (const value of Object.values(secrets)) {
      expect(text).not.toContain(value);
      expect(text).not.toContain(Buffer.from(value).toString('base64url').slice(4, 20));
    }
    expect(text).not.toContain(oldKey);
    await usable(store);
    await store.close();
  });

  it('cannot be opened with another key', async () => {
    await open(oldKey).then(async (store) => fill(store).then(() => store.close()));
    const store = await open(newKey());
    await expect(store.providerAdapter('Session').find(secrets.session)).rejects.toThrow(SealBroken);
    await expect(store.keys.list()).rejects.toThrow(SealBroken);
    expect(await store.audit.verify()).toMatchObject({ ok: false });
    await store.close();
  });

  it('changes its key while it runs: new in front, re-encrypt, old out', async () => {
    const current = newKey();
    await open(oldKey).then(async (store) => fill(store).then(() => store.close()));
    const changing = await open(current, oldKey);
    await usable(changing);
    // five payloads, the private key, the shared secret, the head of the audit chain
    expect(await changing.reencrypt()).toBe(8);
    expect(await changing.reencrypt()).toBe(0);
    await changing.close();
    const changed = await open(current);
    await usable(changed);
    await changed.close();
  });

  it('re-encrypts more than one batch', async () => {
    const store = await open(oldKey);
    const sessions = store.providerAdapter('Session');
    await Promise.all(
      Array.from({ length: 450 }, (_, index) => sessions.upsert(`s${index}`, { uid: `u${index}` }, 60)),
    );
    await store.close();
    const changing = await open(newKey(), oldKey);
    expect(await changing.reencrypt()).toBe(450);
    await changing.close();
  });

  it('refuses a value that was moved to another row', async () => {
    const store = await open(oldKey);
    const sessions = store.providerAdapter('Session');
    await sessions.upsert('mine', { jti: 'mine', accountId: 'me' }, 60);
    await sessions.upsert('yours', { jti: 'yours', accountId: 'you' }, 60);
    const database = connect(parseStoreUrl(url));
    await sql`update provider_records set payload = (select max(payload) from provider_records)`.execute(database);
    await database.destroy();
    const found = await Promise.allSettled([sessions.find('mine'), sessions.find('yours')]);
    expect(found.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    await store.close();
  });

  async function dump(): Promise<string> {
    if (kind.name === 'SQLite') {
      const files = await readdir(directory);
      const contents = await Promise.all(files.map((file) => readFile(join(directory, file), 'latin1')));
      return contents.join('\n');
    }
    const schema = /search_path%3D(\w+)/.exec(url)?.[1] as string;
    const { stdout } = await promisify(execFile)('pg_dump', ['-n', schema, url], { maxBuffer: 1 << 26 });
    return stdout;
  }
});

describe('a SQLite file without given keys', () => {
  it('keeps a key beside it that only its owner can read, and finds it again', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'onbehalf-rest-'));
    const path = join(directory, 'var', 'store.db');
    for (const visit of ['first', 'second']) {
      const store = await openStore({ url: `sqlite:${path}` });
      expect(await store.secrets.get('name', () => visit)).toBe('first');
      await store.close();
    }
    for (const file of [path, `${path}.key`]) expect((await stat(file)).mode & 0o077).toBe(0);
    await rm(directory, { recursive: true });
  });
});

describe('SealingKeys', () => {
  it.each([
    ['no key', []],
    ['a short key', ['c2hvcnQ=']],
    ['a long key', [randomBytes(33).toString('base64')]],
  ])('refuses %s in one line that does not repeat it', (_name, keys) => {
    let message = '';
    try {
      new SealingKeys(keys);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/^ENCRYPTION_KEYS is .*accepted: .*32 bytes/);
    for (const key of keys) expect(message).not.toContain(key);
  });

  it('refuses a value with any byte changed', () => {
    const keys = new SealingKeys([newKey()]);
    const sealed = keys.seal('secret', 'place');
    const bytes = Buffer.from(sealed.value, 'base64url');
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] as number) ^ 1;
      expect(() => keys.open({ ...sealed, value: changed.toString('base64url') }, 'place')).toThrow(SealBroken);
    }
    expect(() => keys.open({ ...sealed, value: sealed.value.slice(0, 10) }, 'place')).toThrow(SealBroken);
    expect(keys.open(sealed, 'place')).toBe('secret');
  });
});
