import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RemoteIssuerKeys, verifyAccessToken, type TrustedIssuer } from '@onbehalf/jwt-verification';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { basic, postForm, startPostgres, type TestPostgres } from '@onbehalf/testing-internal';
import { decodeProtectedHeader } from 'jose';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Replicas } from '../../tools/replicas.ts';
import { until } from './until.js';

const app = fileURLToPath(new URL('../../apps/auth-server/', import.meta.url));
const demo = join(app, 'auth-server.yaml');
const SERVICE = { authorization: basic('user-service', 'user-service-secret') };

/** Everything that takes minutes or days in earnest, in seconds, and in the same order of length. */
const GUARD = { maxAge: 2, cooldown: 1 };
const ACCESS_TOKEN = 4;
const SCHEDULE = { KEY_SIGN_FOR: '6', KEY_PUBLISH_AHEAD: '5', KEY_RETIRE_FOR: '6' };
const LANES = 4;
/** Milliseconds. */
const LOAD = Number(process.env['SOAK_ROTATION'] ?? 15) * 1000;

const postgres = await startPostgres();

(postgres ? describe : describe.skip)('signing keys of two replicas rotate under load', () => {
  let replicas: Replicas;
  let own: TrustedIssuer;

  beforeAll(async () => {
    const config = join(mkdtempSync(join(tmpdir(), 'rotation-')), 'auth-server.yaml');
    writeFileSync(config, `${readFileSync(demo, 'utf8')}\nlifetimes:\n  accessToken: ${ACCESS_TOKEN}\n`);
    const database = await (postgres as TestPostgres).database();
    replicas = await Replicas.up(database, { AUTH_SERVER_CONFIG: config, ...SCHEDULE });
    const { issuer } = replicas;
    const keys = new RemoteIssuerKeys({ issuer, jwksUri: `${issuer}/oauth2/jwks`, ...GUARD });
    own = { issuer, keys, algorithms: ['ES256', 'RS256'] };
  }, 60_000);

  afterAll(async () => {
    try {
      await replicas.down();
    } finally {
      await postgres?.stop();
    }
  });

  async function kids(url = replicas.issuer): Promise<string[]> {
    const { keys } = (await (await fetch(`${url}/oauth2/jwks`)).json()) as { keys: { kid: string }[] };
    return keys.map(({ kid }) => kid);
  }

  /** A token of this replica's provider and, exchanged for it at the other one, a token of the engine. */
  async function twoTokens(turn: number): Promise<[string, string]> {
    const [one, other] = [replicas.urls[turn % 2]!, replicas.urls[(turn + 1) % 2]!];
    const first = await issue(one, { grant_type: 'client_credentials', scope: 'user.read' });
    const subject = { subject_token: first, subject_token_type: TokenType.AccessToken };
    const form = { grant_type: GrantType.TokenExchange, ...subject, audience: 'message-service' };
    return [first, await issue(other, form)];
  }

  async function issue(url: string, form: Record<string, string>): Promise<string> {
    const { status, body } = await postForm(`${url}/oauth2/token`, form, SERVICE);
    if (status !== 200) throw new Error(`${form['grant_type']}: ${status} ${JSON.stringify(body)}`);
    return String(body['access_token']);
  }

  async function verify(token: string): Promise<void> {
    await verifyAccessToken(token, { issuers: [own], audiences: ['user-service', 'message-service'] });
  }

  async function command(...args: string[]): Promise<string> {
    const env = { PATH: process.env['PATH'], ...replicas.settings };
    const run = promisify(execFile);
    return (await run(process.execPath, ['dist/commands/rotate-keys.js', ...args], { cwd: app, env })).stdout;
  }

  it(
    'publish, sign, retire and remove by schedule: no token fails to be issued, exchanged or verified',
    async () => {
      const signedWith = new Set<string>();
      const failures: unknown[] = [];
      const late: Promise<void>[] = [];
      const [first] = await kids();
      const end = Date.now() + LOAD;
      const lane = async (turn: number): Promise<void> => {
        for (; Date.now() < end; turn += 1) {
          try {
            for (const token of await twoTokens(turn)) {
              signedWith.add(decodeProtectedHeader(token).kid!);
              await verify(token);
              // once more just before it ends
              late.push(sleep((ACCESS_TOKEN - 1) * 1000).then(() => verify(token)));
            }
          } catch (error) {
            failures.push(error);
          }
        }
      };
      await Promise.all(Array.from({ length: LANES }, (_, turn) => lane(turn)));
      const results = await Promise.allSettled(late);
      expect(failures).toEqual([]);
      expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
      process.stderr.write(`${results.length} tokens, signed with ${signedWith.size} keys, all verified twice\n`);
      // the keys have moved on, and the first one is gone
      expect(signedWith.size).toBeGreaterThanOrEqual(2);
      await until(async () => !(await kids()).includes(first!));
    },
    LOAD + 60_000,
  );

  it('removal in an emergency: replicas stop to sign and to accept at once, guards within the age of their cache', async () => {
    const [token] = await twoTokens(0);
    const { kid = '' } = decodeProtectedHeader(token);
    await verify(token);
    expect(await command('remove', kid)).toContain(`remove   ${kid}`);
    await until(async () => (await Promise.all(replicas.urls.map(kids))).every((all) => !all.includes(kid)), 5000);
    for (const turn of [0, 1]) {
      for (const fresh of await twoTokens(turn)) {
        expect(decodeProtectedHeader(fresh).kid).not.toBe(kid);
        await verify(fresh);
      }
    }
    await until(
      () =>
        verify(token).then(
          () => false,
          (error: { code?: string }) => error.code === 'unknown_key',
        ),
      (GUARD.maxAge + 1) * 1000,
    );
  }, 30_000);

  it('by hand: the key that waits signs, unless guards may not have it yet', async () => {
    const output = await command().catch((error: { stderr: string }) => error.stderr);
    expect(output).toMatch(/^(sign {5}|rotate-keys: The key .* guards may not have it yet; rotate again in [1-5] s)/);
    expect(await command('list')).toMatch(/ES256 {2}signing {4}since \d{4}-/);
  }, 20_000);
});
