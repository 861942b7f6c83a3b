import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UserAgent } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';
import { DEMO, configurationFile } from './demo-file.js';

/** Shorter than client-app is willing to use a token for, so that each call needs a fresh one. Seconds. */
const LIFETIME = 5;

describe('an access token that expires', () => {
  let system: System;
  let agent: UserAgent;

  beforeAll(async () => {
    const config = configurationFile(`${DEMO}\nlifetimes:\n  accessToken: ${LIFETIME}\n`);
    system = await (await System.onFreePorts({ AUTH_SERVER_CONFIG: config })).up();
    agent = new UserAgent();
    const login = await agent.follow(await agent.get(`${system.url('client-app')}/login`));
    await agent.follow(await agent.submit(login.url, { username: 'baeldung', password: 'password' }));
  }, 60_000);

  afterAll(() => system.down(), 60_000);

  /** The `jti` of the tokens that a message took, A first. */
  async function tokensOfMessage(): Promise<string[]> {
    const page = await agent.get(`${system.url('client-app')}/api/user/message`);
    expect(page.status).toBe(200);
    const row = /<tr[^>]*data-claim="jti">(.*?)<\/tr>/s.exec(await page.text())?.[1] ?? '';
    return [...row.matchAll(/<pre>(.*?)<\/pre>/gs)].map(([, jti = '']) => jti);
  }

  it('is refreshed by client-app, again and again, without the user', async () => {
    const seen = [await tokensOfMessage(), await tokensOfMessage(), await tokensOfMessage()];
    expect(seen.map((tokens) => tokens.length)).toEqual([3, 3, 3]);
    expect(new Set(seen.flat()).size).toBe(9);
  });

  it('is refreshed once for requests that come together, so that no rotated refresh token is used twice', async () => {
    const seen = await Promise.all(Array.from({ length: 6 }, tokensOfMessage));
    expect(seen.every((tokens) => tokens.length === 3)).toBe(true);
    // had one been used twice, the server would have revoked them all
    expect(await tokensOfMessage()).toHaveLength(3);
  });
});
