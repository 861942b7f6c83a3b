import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestIssuer, fakeDownstream, type FakeDownstream, type TestIssuer } from './index.js';

let issuer: TestIssuer;
let messages: FakeDownstream;
beforeAll(async () => {
  issuer = await createTestIssuer({ audience: 'message-service' });
  messages = await fakeDownstream({
    issuer,
    audience: 'message-service',
    rules: [
      { path: '/message', scope: 'message.read', answer: (_request, token) => ({ body: { for: token?.subject } }) },
      { method: 'post', path: /^\/message\/\d+$/g, answer: { status: 201, body: 'made' } },
    ],
  });
});
afterAll(() => messages.close());

async function ask(path: string, token?: string, method = 'GET') {
  const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const response = await fetch(`${messages.url}${path}`, { method, headers });
  return [response.status, response.headers.get('www-authenticate'), await response.text()] as const;
}

describe('fakeDownstream', () => {
  it('answers by its rules, and keeps what it received', async () => {
    const token = await issuer.token({ sub: 'baeldung', scope: 'message.read' });
    expect(await ask('/message?page=1', token)).toEqual([200, null, '{"for":"baeldung"}']);
    expect(messages.requests.at(-1)).toMatchObject({
      path: '/message?page=1',
      status: 200,
      token: { subject: 'baeldung' },
    });
    for (const id of [1, 2]) expect(await ask(`/message/${id}`, token, 'POST')).toEqual([201, null, 'made']);
    expect((await ask('/message/1', token))[0]).toBe(404);
    expect((await ask('/elsewhere', token))[0]).toBe(404);
  });

  it('refuses a request without a token, and one whose token has not the scope', async () => {
    expect(await ask('/message')).toEqual([401, 'Bearer', '{}']);
    const [status, challenge] = await ask('/message', await issuer.token({ scope: 'user.read' }));
    expect([status, challenge]).toEqual([403, 'Bearer error="insufficient_scope", scope="message.read"']);
  });

  it.each<[string, () => Promise<string>]>([
    ['for another audience', () => issuer.token({ aud: 'user-service' })],
    ['that has expired', () => issuer.token({ exp: 1 })],
    ['of another issuer', async () => (await createTestIssuer({ audience: 'message-service' })).token()],
    ['that is none', () => Promise.resolve('opaque')],
  ])('refuses a token %s, and keeps that too', async (_case, token) => {
    const [status, challenge] = await ask('/message', await token());
    expect([status, challenge]).toEqual([401, expect.stringMatching(/^Bearer error="invalid_token"/)]);
    expect(messages.requests.at(-1)).toMatchObject({ status: 401 });
    expect(messages.requests.at(-1)).not.toHaveProperty('token');
  });

  it('takes every request where it is told to', async () => {
    const all = await fakeDownstream({
      issuer,
      audience: 'x',
      checksTokens: false,
      rules: [{ path: '/', scope: 'a', answer: {} }],
    });
    expect((await fetch(all.url)).status).toBe(200);
    await all.close();
  });
});
