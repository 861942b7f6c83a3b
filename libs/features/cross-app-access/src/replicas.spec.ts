import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TokenType } from '@onbehalf/oauth-protocol';
import { testDatabases } from '@onbehalf/testing-internal';
import { Domain, type Answer } from './domain.fixture.js';
import { Home } from './home.fixture.js';
import { grant, idJag, PARTNER, partnerFile, testIssuers, type Issuers } from './partner.fixture.js';

const EDGE = encodeURIComponent('web at the partner');
const SUPPORTED = 'identity_chaining_requested_token_types_supported';

describe.each(await testDatabases())('two replicas on $name', (database) => {
  let issuers: Issuers;
  let home: Home;
  let partner: Domain;

  const url = (): Promise<string> =>
    database.name === 'SQLite'
      ? Promise.resolve(`sqlite:${join(mkdtempSync(join(tmpdir(), 'domain-')), 'store.db')}`)
      : database.database();

  beforeAll(async () => {
    issuers = await testIssuers();
    home = await Home.open({ url: await url(), replicas: 2 });
    partner = await Domain.open(PARTNER, partnerFile(issuers), { url: await url(), replicas: 2 });
  }, 120_000);
  afterAll(async () => {
    await home?.domain.close();
    await partner?.close();
    await database.stop();
  });

  it.each<[string, () => Promise<string>, string]>([
    ['an ID-JAG', () => idJag(issuers.home), 'app'],
    ['a chaining grant', () => grant(issuers.home), 'gateway'],
  ])('redeem %s once, whoever of them is asked, and how many at a time', async (_kind, assertionOf, client) => {
    const assertion = await assertionOf();
    const asked = Array.from({ length: 12 }, (_, index) =>
      partner.redeem(client, assertion, {}, { replica: index % 2 }),
    );
    const answers = await Promise.all(asked);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, body } of answers.filter((answer) => answer.status !== 200)) {
      expect([status, body['error']]).toEqual([400, 'invalid_grant']);
    }
  });

  it('refuse the next ID-JAG within five seconds of an administrator’s no, issue again after a yes, and tell so', async () => {
    const change = async (action: 'disable' | 'enable'): Promise<void> => {
      const { headers } = await home.domain.operator(`/admin/edges/${EDGE}`);
      const etag = headers.get('etag') ?? '';
      const init = { method: 'POST', headers: { 'if-match': etag } };
      expect((await home.domain.operator(`/admin/edges/${EDGE}/${action}`, init)).status).toBeLessThan(300);
    };
    const asked = async (replica: number): Promise<unknown> => {
      const { status, body }: Answer = await home.idJag(await home.idToken(), {}, 'web', { replica });
      return status === 200 ? 'issued' : body['error'];
    };
    for (const [action, outcome] of [
      ['disable', 'invalid_target'],
      ['enable', 'issued'],
    ] as const) {
      await change(action);
      const since = Date.now();
      for (const replica of [0, 1]) {
        while ((await asked(replica)) !== outcome) expect(Date.now() - since).toBeLessThan(5_000);
        // the other cross-app grants and the chaining stay
        expect((await home.domain.metadata(undefined, replica))[SUPPORTED]).toEqual([TokenType.Jwt, TokenType.IdJag]);
      }
    }
  }, 30_000);

  it('change what a cross-app grant allows within five seconds, and take no change that the file could not hold', async () => {
    const read = await home.domain.operator(`/admin/edges/${EDGE}`);
    // what the server tells beside the registration
    const told = ['id', 'origin', 'file'];
    const edge = Object.fromEntries(Object.entries(read.body).filter(([name]) => !told.includes(name))) as {
      crossAppAccess: object;
    };
    const put = async (body: object, etag: string | null): Promise<Answer> =>
      home.domain.operator(`/admin/edges/${EDGE}`, {
        method: 'PUT',
        headers: { 'if-match': etag ?? '' },
        body: JSON.stringify(body),
      });
    for (const [wrong, member] of [
      [{ ...edge, crossAppAccess: undefined }, 'crossAppAccess'],
      [{ ...edge, issues: [TokenType.AccessToken] }, 'issues'],
      [{ ...edge, subjectTypes: [TokenType.AccessToken] }, 'subjectTypes'],
      [{ ...edge, crossAppAccess: { ...edge.crossAppAccess, users: [] } }, 'users'],
      [{ ...edge, crossAppAccess: { ...edge.crossAppAccess, resources: [] } }, 'resources'],
    ] as const) {
      const refused = await put(wrong, read.headers.get('etag'));
      expect([refused.status, refused.body['error_description']]).toEqual([400, expect.stringContaining(member)]);
    }
    const narrowed = { ...edge, crossAppAccess: { ...edge.crossAppAccess, users: ['stranger'] } };
    const changed = await put(narrowed, read.headers.get('etag'));
    expect([changed.status, changed.body['error_description']]).toEqual([200, undefined]);
    const since = Date.now();
    for (const replica of [0, 1]) {
      const post = { replica };
      while ((await home.idJag(await home.idToken(), {}, 'web', post)).body['error'] !== 'invalid_target') {
        expect(Date.now() - since).toBeLessThan(5_000);
      }
      expect((await home.idJag(await home.idToken({ sub: 'stranger' }), {}, 'web', post)).status).toBe(200);
    }
  }, 30_000);
});
