import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { parseServerConfig } from '@onbehalf/authorization-server';
import { GrantType } from '@onbehalf/oauth-protocol';
import { codeBlocks } from '@onbehalf/testing-internal';
import { parse } from 'yaml';
import { features } from './vault-world.fixture.js';

const exampleIn = (path: string) => codeBlocks(readFileSync(new URL(path, import.meta.url), 'utf8'), ['yaml'])[0]!;

it.each([
  ['README', exampleIn('../README.md')],
  ['guide', exampleIn('../../../../docs/guides/linked-accounts.md')],
])('the configuration of the %s is accepted as it stands there', (_, example) => {
  const clients = [
    {
      clientId: 'user-service',
      secret: randomUUID(),
      grantTypes: [GrantType.TokenExchange],
      represents: ['user-service'],
    },
  ];
  const environment = { GOOGLE_CLIENT_SECRET: randomUUID(), CALENDAR_CLIENT_SECRET: randomUUID() };
  const config = parseServerConfig({ clients, ...(parse(example) as object) }, environment, { sections: features.all });
  expect(config.edges[0]).toMatchObject({ client: 'user-service', target: 'calendar' });
});
