import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { parseServerConfig, readServerConfig } from '@onbehalf/authorization-server';
import { features } from './features.js';

const demo = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url));
const ISSUER = 'https://as.example';
const sections = features.all;
const OWN = {
  ...{ USER_SERVICE_RESOURCE: 'https://users.example', MESSAGE_SERVICE_RESOURCE: 'https://messages.example' },
  ...{ CLIENT_APP_URL: 'https://app.example', CLIENT_APP_SECRET: randomUUID(), USER_SERVICE_SECRET: randomUUID() },
  ...{ MESSAGE_SERVICE_SECRET: randomUUID(), OPERATOR_SECRET: randomUUID(), PROMETHEUS_SECRET: randomUUID() },
  TERMINAL_SECRET: randomUUID(),
  LAB_SECRET: randomUUID(),
  LAB_PARTNER_JWKS_URI: 'https://app.example/lab/partner/jwks.json',
  PARTNER_ISSUER: 'https://partner.example',
  ORDER_SERVICE_RESOURCE: 'https://orders.example',
  AGENT_RESOURCE: 'https://agent.example',
  ASSISTANT_SECRET: randomUUID(),
  CALENDAR_ISSUER: 'https://calendar.example',
  CALENDAR_INTERNAL_URL: 'https://calendar.example',
  CALENDAR_CLIENT_SECRET: randomUUID(),
  ISSUER,
};

describe('what ships with the project', () => {
  it.each(['http://localhost:9001', 'http://127.0.0.1:9001', 'http://[::1]:9001', undefined])(
    'holds for the issuer %s',
    (issuer) => {
      expect(readServerConfig(demo('auth-server.yaml'), {}, { issuer, sections }).clients.length).toBeGreaterThan(0);
    },
  );

  it.each(['auth-server.yaml', 'spring-article.yaml'])('%s does not start for an issuer elsewhere', (file) => {
    expect(() => readServerConfig(demo(file), {}, { issuer: ISSUER, sections })).toThrow(
      /is missing; accepted: a value for https:\/\/as/,
    );
  });

  it.each(Object.keys(OWN))('a default for %s is one that was forgotten', (name) => {
    expect(() =>
      readServerConfig(demo('auth-server.yaml'), { ...OWN, [name]: undefined }, { issuer: ISSUER, sections }),
    ).toThrow(
      new RegExp(`^${name} is missing; accepted: a value for https://as.example, because auth-server.yaml:\\d+: `),
    );
  });

  it.each([
    ['TERMINAL_SECRET', 'terminal-secret', 'clients[4].secret'],
    ['OPERATOR_SECRET', 'operator-secret', 'clients[5].secret'],
    ['PROMETHEUS_SECRET', 'benchmark-secret', 'clients[6].secret'],
  ])('%s may not be %s either', (name, secret, setting) => {
    expect(() =>
      readServerConfig(demo('auth-server.yaml'), { ...OWN, [name]: secret }, { issuer: ISSUER, sections }),
    ).toThrow(
      new RegExp(
        `^auth-server.yaml:\\d+: ${setting.replaceAll(/[[\].]/g, '\\$&')} is "\\(hidden\\)"; accepted: one of your own for ${ISSUER}: this one ships`,
        'm',
      ),
    );
  });

  it('its user is nobody there', () => {
    expect(() => readServerConfig(demo('auth-server.yaml'), OWN, { issuer: ISSUER, sections })).toThrow(
      /^auth-server.yaml:\d+: users\[0\].passwordHash is "\(hidden\)"/,
    );
  });

  it('a default that is no secret and leads elsewhere is one that was meant', () => {
    const client = { clientId: '${NAME:-app}', secret: '${SECRET}', grantTypes: ['client_credentials'] };
    const raw = { clients: [{ ...client, redirectUris: ['${URL:-https://app.example}/callback'] }] };
    expect(
      parseServerConfig(raw, { SECRET: randomUUID() }, { file: 'config', issuer: ISSUER }).clients[0]?.clientId,
    ).toBe('app');
  });
});
