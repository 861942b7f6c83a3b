import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { IMPERSONATION_CLAIM } from '@onbehalf/oauth-protocol';
import { testDatabases } from '@onbehalf/testing-internal';
import { ImpersonationWorld, type Answer } from './impersonation-world.fixture.js';

const [database, ...others] = await testDatabases();
const PATH = '/admin/impersonations/customers';
/** An engineer at the support tool, who may begin an impersonation. */
const ENGINEER = { sub: 'support', client_id: 'support-tool', scope: 'impersonate' };

describe('the search for a customer', () => {
  let world: ImpersonationWorld;
  beforeAll(async () => {
    world = await ImpersonationWorld.open(database!);
  });
  afterAll(async () => {
    await world.close();
    await Promise.all([database!, ...others].map((each) => each.stop()));
  });

  const search = (query: string, claims: Record<string, unknown> = {}): Promise<Answer> =>
    world.call('GET', `${PATH}${query}`, { ...ENGINEER, ...claims });

  it.each<[string, string, readonly string[]]>([
    ['a part of the id', 'lic', ['alice']],
    ['a part of the name, in any case', 'LIDD', ['alice']],
    ['a part of the e-mail address', '@wonder', ['alice']],
    ['what several are called', 'li', ['alice', 'limited']],
    ['spaces around it', '  bob ', ['bob']],
    ['what is written otherwise and means the same', 'ｂｏｂ', ['bob']],
    ['nobody', 'nobody', []],
    ['a pattern, which is none here', '%%', []],
    ['a protected account', 'guarded', []],
    ['a disabled account', 'former', []],
    ['an operator', 'second', []],
    ['one who may read the trail', 'demoted', []],
    ['oneself', 'support', []],
    ['a client', 'user-service', []],
  ])('finds by %s', async (_, text, ids) => {
    const { status, body } = await search(`?search=${encodeURIComponent(text)}`);
    expect([status, body['more'], (body['customers'] as { id: string }[]).map(({ id }) => id)]).toEqual([
      ...[200, false, ids],
    ]);
  });

  it('tells the name and the id, and no more', async () => {
    expect((await search('?search=alice')).body['customers']).toEqual([{ id: 'alice', name: 'Alice Liddell' }]);
  });

  it('tells twenty at most, and that there are more', async () => {
    const { body } = await search('?search=crowd');
    expect([(body['customers'] as unknown[]).length, body['more']]).toEqual([20, true]);
  });

  it.each<[string, Record<string, unknown>, number]>([
    ['another scope of operators', { scope: 'impersonation.read' }, 403],
    ['another client, which has no such edge', { client_id: 'other-tool' }, 403],
    ['an operator at the console', { sub: 'second', client_id: 'console' }, 403],
    ['a customer', { sub: 'alice' }, 401],
    ['somebody whose role was taken away', { sub: 'demoted' }, 401],
    ['a disabled engineer', { sub: 'former' }, 401],
    ['the tool itself', { sub: 'support-tool' }, 401],
    ['somebody who is acted for', { act: { sub: 'user-service' } }, 403],
    ['an administrator who uses the account', { [IMPERSONATION_CLAIM]: { id: 'x', sub: 'y' } }, 403],
    ['a token for a service', { aud: 'user-service' }, 401],
  ])('tells %s nothing', async (_who, claims, status) => {
    const answer = await search('?search=alice', claims);
    expect([answer.status, JSON.stringify(answer.body).includes('Liddell')]).toEqual([status, false]);
  });

  it.each(['', '?search=', '?search=a', '?search=%20a%20', '?search=al&search=bo', '?search=al&limit=9', '?q=alice'])(
    'refuses "%s"',
    async (query) => {
      expect(await search(query)).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    },
  );

  it('refuses a text that is too long', async () => {
    expect((await search(`?search=${'a'.repeat(101)}`)).status).toBe(400);
  });
});
