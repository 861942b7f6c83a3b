import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { parseServerConfig } from '@onbehalf/authorization-server';
import { samlAssertion } from '@onbehalf/feature-saml-assertion';
import { codeBlocks } from '@onbehalf/testing';
import { parse } from 'yaml';
import { PUBLIC_KEY } from './assertion/assertion.fixture.js';

const [example = ''] = codeBlocks(readFileSync(new URL('../README.md', import.meta.url), 'utf8'), ['yaml']);

it('the configuration of the README is accepted as it stands there', () => {
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
