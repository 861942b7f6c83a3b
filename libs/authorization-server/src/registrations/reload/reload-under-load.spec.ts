import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'reflect-metadata';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openStore } from '@onbehalf/authorization-store';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { basic, postForm, testDatabases } from '@onbehalf/testing-internal';
import { createRemoteJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { readServerConfig } from '../../configuration/read-server-config.js';
import { generateKey } from '../../keys/key-set.js';
import { ReplaceableSigningKeys } from '../../keys/replaceable-signing-keys.js';
import { AuthorizationServerTesting } from '../../testing/authorization-server-testing.js';
import { Registrations } from '../live/registrations.js';

/** Few in a test run; `npm run soak` asks for seconds of them. */
const RELOADS = 6;
const SECONDS = Number(process.env['SOAK_RELOAD'] ?? 0);
const LANES = 2;

const OPERATORS = ['registrations.read', 'registrations.write'];
const credentials = [GrantType.ClientCredentials];
const secrets = Object.fromEntries(
  ['operator', 'orders', 'job'].map((name) => [name, randomBytes(16).toString('hex')]),
);

/** Two files of which everything goes together: what is of both is of none. */
const FILES = [
  { scope: 'stock.read', timeToLive: 100, job: { scopes: ['orders.read'], defaultResource: 'orders' } },
  { scope: 'stock.write', timeToLive: 50, job: { scopes: ['stock.write'], defaultResource: 'stock' } },
] as const;

const fileOf = ({ scope, timeToLive, job }: (typeof FILES)[number]): object => ({
  resources: [
    { audience: 'auth-server', scopes: OPERATORS },
    { audience: 'orders', scopes: ['orders.read'] },
    { audience: 'stock', scopes: [scope] },
  ],
  clients: [
    {
      clientId: 'operator',
      secret: secrets['operator'],
      grantTypes: credentials,
      scopes: OPERATORS,
      defaultResource: 'auth-server',
    },
    { clientId: 'orders', secret: secrets['orders'], grantTypes: [GrantType.TokenExchange], represents: ['orders'] },
    { clientId: 'job', secret: secrets['job'], grantTypes: credentials, ...job },
  ],
  users: [{ username: 'alice', passwordHash: `scrypt$16384$8$1$${'c2FsdHNhbHRzYWx0c2FsdA'}$${'e'.repeat(43)}` }],
  edges: [
    {
      client: 'orders',
      subjectAudience: 'orders',
      target: 'stock',
      mode: 'delegation',
      timeToLive,
      scopes: { [scope]: {} },
    },
  ],
});

const databases = await testDatabases();

describe.each(databases)('a file and keys that are read again under load, on $name', (kind) => {
  const encryptionKeys = [randomBytes(32).toString('base64')];
  let folder: string;
  let replicas: AuthorizationServerTesting[];
  let jwks: JSONWebKeySet;
  let sets: JSONWebKeySet[];

  const write = (at: number): void => {
    writeFileSync(join(folder, 'auth.json'), JSON.stringify(fileOf(FILES[at % 2]!)));
    jwks = sets[at % 2]!;
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'reload-under-load-'));
    const pair = async () => ({ keys: [await generateKey('ES256'), await generateKey('RS256')] });
    sets = [await pair(), await pair()];
    write(0);
    const url = kind.name === 'SQLite' ? `sqlite:${join(folder, 'store.db')}` : await kind.database();
    replicas = [await start(url), await start(url)];
  });
  afterEach(async () => {
    for (const each of replicas) await each.close();
    rmSync(folder, { recursive: true });
  });
  afterAll(() => kind.stop());

  async function start(url: string): Promise<AuthorizationServerTesting> {
    const read = () => readServerConfig(join(folder, 'auth.json'), {}, { issuer: 'http://localhost' });
    const schedule = { publishAhead: 0, retireFor: 3600 };
    const keys = await ReplaceableSigningKeys.open({ jwks, schedule });
    const readAgain = async () => {
      const { isOther, putInForce } = await keys.prepare(jwks);
      return { config: read(), beside: { changed: isOther ? ['SIGNING_KEYS_FILE'] : [], putInForce } };
    };
    const storage = (issuer: string) => openStore({ url, encryptionKeys, issuer, sweepInterval: 0 });
    return AuthorizationServerTesting.start({}, storage, { config: read(), keys, readAgain });
  }

  const ask = (at: AuthorizationServerTesting, client: string, secret: string, form: object) =>
    postForm(`${at.issuer}/oauth2/token`, form as Record<string, string>, { authorization: basic(client, secret) });

  async function reload(at: AuthorizationServerTesting, authorization: string, expected = 200) {
    const answer = await fetch(`${at.issuer}/admin/reload`, { method: 'POST', headers: { authorization } });
    expect(answer.status).toBe(expected);
    return (await answer.json()) as { changed: unknown[]; settings: string[]; mistakes: string[] };
  }

  async function operator(at: AuthorizationServerTesting): Promise<string> {
    const form = { grant_type: GrantType.ClientCredentials, scope: OPERATORS.join(' ') };
    return `Bearer ${String((await ask(at, 'operator', secrets['operator']!, form)).body['access_token'])}`;
  }

  /** Exchanges, and asks for tokens, as fast as it is answered. Every answer is of one file. */
  async function load(at: AuthorizationServerTesting, isOver: () => boolean): Promise<number> {
    const keys = createRemoteJWKSet(new URL(`${at.issuer}/oauth2/jwks`), { cooldownDuration: 0 });
    const about = { subject: 'alice', clientId: 'web', audience: 'orders', scopes: ['orders.read'] };
    const subject = await at.token({ ...about, expiresIn: 3600 });
    const exchange = {
      grant_type: GrantType.TokenExchange,
      subject_token: subject,
      subject_token_type: TokenType.AccessToken,
      audience: 'stock',
    };
    let answers = 0;
    while (!isOver()) {
      const { status, body } = await ask(at, 'orders', secrets['orders']!, exchange);
      const { access_token: token, expires_in: lives, scope } = body as Record<string, string>;
      expect([status, body['error']]).toEqual([200, undefined]);
      expect(FILES).toContainEqual(expect.objectContaining({ scope, timeToLive: Number(lives) }));
      // whatever signs is published
      await jwtVerify(token!, keys, { issuer: at.issuer, audience: 'stock' });
      const { body: job } = await ask(at, 'job', secrets['job']!, { grant_type: GrantType.ClientCredentials });
      const own = await jwtVerify(String(job['access_token']), keys, { issuer: at.issuer });
      expect(FILES.map((file) => file.job)).toContainEqual({
        scopes: [own.payload['scope']],
        defaultResource: own.payload.aud,
      });
      answers += 2;
    }
    return answers;
  }

  it(
    'fail no request, and no answer is of two files',
    async () => {
      const [one, other] = replicas as [AuthorizationServerTesting, AuthorizationServerTesting];
      let isOver = false;
      const lanes = Array.from({ length: LANES }, (_, lane) => load(lane % 2 ? other : one, () => isOver));
      const failed = Promise.all(lanes).finally(() => (isOver = true));
      const authorization = [await operator(one), await operator(other)];
      const until = performance.now() + SECONDS * 1000;
      let reloads = 0;
      while (!isOver && (reloads < RELOADS || performance.now() < until)) {
        write((reloads += 1));
        const [asked, told] = reloads % 3 ? [0, 1] : [1, 0];
        const { changed, settings } = await reload(replicas[asked]!, authorization[asked]!);
        expect([changed.length, settings]).toEqual([3, ['SIGNING_KEYS_FILE']]);
        await replicas[told]!.app.get(Registrations, { strict: false }).follow();
      }
      isOver = true;
      const answers = (await failed).reduce((sum, each) => sum + each, 0);
      expect(answers).toBeGreaterThan(reloads);
      if (SECONDS > 0) process.stderr.write(`${kind.name}: ${reloads} reloads, ${answers} answers\n`);
    },
    60_000 + SECONDS * 2000,
  );

  it('count together or not at all, at all replicas', async () => {
    const [one, other] = replicas as [AuthorizationServerTesting, AuthorizationServerTesting];
    const authorization = await operator(one);
    const published = async (at: AuthorizationServerTesting) => {
      const { keys } = (await (await fetch(`${at.issuer}/oauth2/jwks`)).json()) as JSONWebKeySet;
      return keys.map(({ x, n }) => x ?? n).sort();
    };
    const publicOf = (...of: JSONWebKeySet[]) => of.flatMap(({ keys }) => keys.map(({ x, n }) => x ?? n)).sort();
    const ofJob = async () => (await ask(one, 'job', secrets['job']!, { grant_type: credentials })).body['scope'];
    const before = await ofJob();
    write(1);
    jwks = { keys: sets[1]!.keys.slice(0, 1) };
    expect((await reload(one, authorization, 400)).mistakes).toEqual([
      'signing keys is ["ES256"]; accepted: a private key for RS256',
    ]);
    expect([await ofJob(), await published(one)]).toEqual([before, publicOf(sets[0]!)]);
    jwks = sets[1]!;
    writeFileSync(join(folder, 'auth.json'), JSON.stringify({ ...fileOf(FILES[1]), clients: [] }));
    expect((await reload(one, authorization, 400)).mistakes.length).toBeGreaterThan(0);
    expect([await ofJob(), await published(one)]).toEqual([before, publicOf(sets[0]!)]);
    // nothing but the keys
    write(0);
    jwks = sets[1]!;
    expect(await reload(one, authorization)).toEqual({
      changed: [],
      settings: ['SIGNING_KEYS_FILE'],
      needsRestart: [],
    });
    await other.app.get(Registrations, { strict: false }).follow();
    for (const each of replicas) expect(await published(each)).toEqual(publicOf(...sets));
  });
});
