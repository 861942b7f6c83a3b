import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { readServerConfig, serverConfigJsonSchema } from '@onbehalf/authorization-server';
import { codeBlocks } from '@onbehalf/testing-internal';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { features } from './features.js';

const app = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url));

describe('the guide to other domains', () => {
  const guide = readFileSync(new URL('../../../docs/guides/across-domains.md', import.meta.url), 'utf8');
  const secrets = ['CLIENT_APP_SECRET', 'USER_SERVICE_SECRET', 'HOME_CLIENT_APP_SECRET', 'HOME_USER_SERVICE_SECRET'];
  const environment = Object.fromEntries(secrets.map((name) => [name, randomUUID()]));

  it('has files that the server starts with, for either side', () => {
    const folder = mkdtempSync(join(tmpdir(), 'guide-'));
    const configs = codeBlocks(guide, ['yaml']).map((block, index) => {
      const file = join(folder, `${index}.yaml`);
      writeFileSync(file, block);
      return readServerConfig(file, environment, { sections: features.all });
    });
    expect(configs.map(({ edges }) => edges.length)).toEqual([0, 2, 2]);
  });
});

const FILES = ['auth-server.yaml', 'partner.yaml', 'calendar.yaml', 'spring-article.yaml'];

describe('the files beside auth-server', () => {
  it.each(FILES)('%s is accepted', (file) => {
    expect(readServerConfig(app(file), {}, { sections: features.all }).clients.length).toBeGreaterThan(0);
  });

  it('auth-server.schema.json is what `npx nx run auth-server:config-schema` prints', () => {
    expect(JSON.parse(readFileSync(app('auth-server.schema.json'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(serverConfigJsonSchema(features.all))),
    );
  });
});

describe('the schema for editors', () => {
  const schema = JSON.parse(readFileSync(app('auth-server.schema.json'), 'utf8')) as { readonly $schema: string };
  // whatever the draft of its name does not know, or would mean nothing where it stands, throws
  const isAccepted = new Ajv2020({ strict: true, allErrors: true }).compile(schema);
  const wrong = (text: string): string[] => {
    isAccepted(parse(text));
    return [...new Set((isAccepted.errors ?? []).map(({ instancePath }) => instancePath))];
  };

  it('names the draft that it is written in', () => {
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
  });

  it.each(FILES)('accepts %s, with its variables, which names it for editors', (file) => {
    const text = readFileSync(app(file), 'utf8');
    expect(wrong(text)).toEqual([]);
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\/auth-server\.schema\.json$/m);
  });

  it('accepts one file of several, with templates and defaults', () => {
    const text = `
include: [teams/*.yaml]
x-scopes: &scopes { read: {} }
defaults:
  resources: { scopes: [read], resource: 'https://{audience}.example' }
  edges: { mode: '\${MODE}', timeToLive: '\${SECONDS:-60}' }
templates:
  clients: { app: { grantTypes: [authorization_code], redirectUris: ['https://{clientId}.example/callback'] } }
  edges: { reads: { target: stock, scopes: { '{target}.read': {} } } }
resources: [{ audience: stock }]
clients: [{ clientId: shop, template: app, secret: '\${SHOP}' }]
edges: [{ client: shop, template: reads, enabled: '\${ON}' }, { client: shop, scopes: *scopes }]
lifetimes: { accessToken: '\${SECONDS}' }
`;
    expect(wrong(text)).toEqual([]);
  });

  it.each([
    ['lifetimes: { accessToken: soon }', '/lifetimes/accessToken'],
    ["lifetimes: { accessToken: '$SECONDS' }", '/lifetimes/accessToken'],
    ['edges: [{ mode: deputy }]', '/edges/0/mode'],
    ['defaults: { clients: { secret: a } }', '/defaults/clients'],
    ['defaults: { edges: { maxDepth: deep } }', '/defaults/edges/maxDepth'],
    ['templates: { edges: { reads: { id: a } } }', '/templates/edges/reads'],
    ['clients: [{ secret: a }]', '/clients/0'],
    ['users: [{ username: a }]', '/users/0'],
    ['users: [{ username: a, passwordHash: "${HASH}", email: nowhere }]', '/users/0/email'],
    ['include: [1]', '/include'],
    ['nonsense: 1', ''],
  ])('refuses %s', (text, path) => {
    expect(wrong(text)).toContain(path);
  });
});
