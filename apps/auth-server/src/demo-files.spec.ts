import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { readServerConfig, serverConfigJsonSchema } from '@onbehalf/authorization-server';
import { codeBlocks } from '@onbehalf/testing-internal';
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

describe('the files beside auth-server', () => {
  it.each(['auth-server.yaml', 'partner.yaml', 'calendar.yaml', 'spring-article.yaml'])('%s is accepted', (file) => {
    expect(readServerConfig(app(file), {}, { sections: features.all }).clients.length).toBeGreaterThan(0);
  });

  it('auth-server.schema.json is what `npx nx run auth-server:config-schema` prints', () => {
    expect(JSON.parse(readFileSync(app('auth-server.schema.json'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(serverConfigJsonSchema(features.all))),
    );
  });
});
