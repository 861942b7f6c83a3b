import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { readServerConfig, serverConfigJsonSchema } from '@onbehalf/authorization-server';
import { features } from './features.js';

const app = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url));

describe('the files beside auth-server', () => {
  it.each(['auth-server.yaml', 'partner.yaml', 'spring-article.yaml'])('%s is accepted', (file) => {
    expect(readServerConfig(app(file), {}, { sections: features.all }).clients.length).toBeGreaterThan(0);
  });

  it('auth-server.schema.json is what `npx nx run auth-server:config-schema` prints', () => {
    expect(JSON.parse(readFileSync(app('auth-server.schema.json'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(serverConfigJsonSchema(features.all))),
    );
  });
});
