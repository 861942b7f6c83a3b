import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { basic, postForm } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';

describe('metrics, over HTTP', () => {
  let system: System;
  let server: string;

  beforeAll(async () => {
    system = await (await System.onFreePorts()).up('auth-server');
    server = system.url('auth-server');
  }, 30_000);

  afterAll(() => system.down());

  const token = async (client: string, fields: Record<string, string>): Promise<string> => {
    const credentials = { authorization: basic(client, `${client}-secret`) };
    return String((await postForm(`${server}/oauth2/token`, fields, credentials)).body['access_token']);
  };
  const scrape = async (bearer: string) =>
    fetch(`${server}/metrics`, { headers: { authorization: `Bearer ${bearer}` } });

  it('tell exchanges, their time, the time of the store and the age of the keys', async () => {
    const subject = await token('user-service', { grant_type: GrantType.ClientCredentials, scope: 'user.read' });
    const exchange = {
      grant_type: GrantType.TokenExchange,
      subject_token_type: TokenType.AccessToken,
      audience: 'message-service',
      scope: 'message.read',
    };
    await token('user-service', { ...exchange, subject_token: subject });
    await token('user-service', { ...exchange, subject_token: 'no token', audience: 'made-up' });
    const text = await (
      await scrape(await token('prometheus', { grant_type: GrantType.ClientCredentials, scope: 'metrics.read' }))
    ).text();
    expect(text).toContain(
      'onbehalf_token_exchanges_total{client="user-service",target="message-service",outcome="issued"} 1',
    );
    expect(text).toContain(
      'onbehalf_token_exchanges_total{client="user-service",target="unknown",outcome="rejected"} 1',
    );
    expect(text).toContain('onbehalf_token_exchange_duration_seconds_count{outcome="issued"} 1');
    expect(text).toMatch(/onbehalf_store_query_duration_seconds_count\{result="ok"\} \d+/);
    expect(text).toMatch(/onbehalf_signing_key_age_seconds\{algorithm="ES256"\} \d+/);
    expect(text).toMatch(/onbehalf_http_request_duration_seconds_count\{endpoint="token",status="200"\} \d+/);
    expect(text).not.toContain('made-up');
  });

  it('are closed without their scope', async () => {
    expect((await fetch(`${server}/metrics`)).status).toBe(401);
    expect(
      (await scrape(await token('operator', { grant_type: GrantType.ClientCredentials, scope: 'audit.read' }))).status,
    ).toBe(403);
  });
});
