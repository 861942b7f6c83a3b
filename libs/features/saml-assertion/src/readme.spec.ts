import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { parseServerConfig } from '@onbehalf/authorization-server';
import { samlAssertion } from '@onbehalf/feature-saml-assertion';
import { codeBlocks } from '@onbehalf/testing-internal';
import { parse } from 'yaml';
import { PUBLIC_KEY } from './assertion/assertion.fixture.js';

const exampleIn = (path: string) => codeBlocks(readFileSync(new URL(path, import.meta.url), 'utf8'), ['yaml'])[0]!;

it.each([
  ['README', exampleIn('../README.md')],
  ['guide', exampleIn('../../../../docs/guides/saml.md')],
])('the configuration of the %s is accepted as it stands there', (_, example) => {
  const around = {
    resources: [
      { audience: 'legacy', scopes: [] },
      { audience: 'message-service', scopes: ['message.read'] },
    ],
    clients: [
      {
        clientId: 'legacy-service',
        secret: 'of-this-test-alone',
        grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange'],
        represents: ['legacy'],
      },
    ],
  };
  const environment = { LEGACY_IDP_CERTIFICATE: PUBLIC_KEY.export({ type: 'spki', format: 'pem' }) as string };
  const config = parseServerConfig({ ...around, ...(parse(example) as object) }, environment, {
    sections: [samlAssertion],
  });
  expect(config.edges[0]).toMatchObject({ client: 'legacy-service', target: 'message-service' });
});
