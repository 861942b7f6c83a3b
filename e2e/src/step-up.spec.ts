import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UserAgent } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';
import { DEMO, configurationFile } from './demo-file.js';
import { until } from './until.js';

// the last exchange of a message: its refusal has two services to pass
const EDGE = '- client: message-service\n';
const CREDENTIALS = { username: 'baeldung', password: 'password' };
/** Seconds. */
const MAX_AGE = 6;

/** The demo, in which message-service's exchange demands this of the user's authentication. */
async function start(demand: string): Promise<System> {
  expect(DEMO.split(EDGE)).toHaveLength(2);
  const config = configurationFile(DEMO.replace(EDGE, `${EDGE}    ${demand}\n`));
  return (await System.onFreePorts({ AUTH_SERVER_CONFIG: config })).up();
}

async function signIn(system: System): Promise<UserAgent> {
  const agent = new UserAgent();
  const login = await agent.follow(await agent.get(`${system.url('client-app')}/login`));
  await agent.follow(await agent.submit(login.url, CREDENTIALS));
  return agent;
}

describe('RFC 9470: an exchange that demands a recent authentication', () => {
  let system: System;

  beforeAll(async () => (system = await start(`maxAuthenticationAge: ${MAX_AGE}`)), 60_000);
  afterAll(() => system.down(), 60_000);

  it('is refused two services away, leads the user to sign in again, and then goes through', async () => {
    const agent = await signIn(system);
    const tooOld = Date.now() + (MAX_AGE + 1) * 1000;
    await until(() => Promise.resolve(Date.now() > tooOld));
    const message = `${system.url('client-app')}/api/user/message`;
    const refused = await agent.get(message);
    const asked = new URL(refused.headers.get('location') ?? '');
    expect([refused.status, asked.origin]).toEqual([303, system.url('auth-server')]);
    expect(asked.searchParams.get('max_age')).toBe(String(MAX_AGE));
    // the session at the authorization server is not enough: it asks for the password
    const login = await agent.follow(refused);
    expect(new URL(login.url).origin).toBe(system.url('auth-server'));
    const page = await agent.follow(await agent.submit(login.url, CREDENTIALS));
    expect([page.url, page.status]).toEqual([message, 200]);
    expect(await page.text()).toContain('data-claim="auth_time"');
  }, 60_000);
});

describe('RFC 9470: an exchange that demands an authentication that nobody can give', () => {
  let system: System;

  beforeAll(async () => (system = await start('acr: [urn:example:hardware]')), 60_000);
  afterAll(() => system.down(), 60_000);

  it('ends at a page after one login, not in a loop', async () => {
    const agent = await signIn(system);
    const message = `${system.url('client-app')}/api/user/message`;
    const refused = await agent.get(message);
    expect(new URL(refused.headers.get('location') ?? '').searchParams.get('acr_values')).toBe('urn:example:hardware');
    const page = await agent.follow(refused);
    expect([page.url, page.status]).toEqual([message, 403]);
    expect(await page.text()).toContain('Your sign-in is not strong enough');
  }, 60_000);
});
