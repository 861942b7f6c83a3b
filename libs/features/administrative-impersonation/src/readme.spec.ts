import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { parseServerConfig } from '@onbehalf/authorization-server';
import { GrantType } from '@onbehalf/oauth-protocol';
import { codeBlocks } from '@onbehalf/testing-internal';
import { parse } from 'yaml';
import { features, HASH } from './impersonation-configuration.fixture.js';

const exampleIn = (path: string) => codeBlocks(readFileSync(new URL(path, import.meta.url), 'utf8'), ['yaml'])[0]!;

it.each([
  ['README', exampleIn('../README.md')],
  ['guide', exampleIn('../../../../docs/guides/administrative-impersonation.md')],
])('the configuration of the %s is accepted as it stands there', (_, example) => {
  const clients = [{ clientId: 'support-tool', secret: randomUUID(), grantTypes: [GrantType.TokenExchange] }];
  const config = parseServerConfig(
    { clients, ...(parse(example) as object) },
    { SUPPORT_PASSWORD_HASH: HASH },
    { sections: features.all },
  );
  expect(config.edges[0]).toMatchObject({ client: 'support-tool', mode: 'administrative' });
});
