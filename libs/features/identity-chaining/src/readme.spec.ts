import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { parseServerConfig } from '@onbehalf/authorization-server';
import { codeBlocks } from '@onbehalf/testing-internal';
import { parse } from 'yaml';
import { identityChaining } from './identity-chaining.feature.js';

const [example = ''] = codeBlocks(readFileSync(new URL('../README.md', import.meta.url), 'utf8'), ['yaml']);
const environment = { USER_SERVICE_SECRET: 'of-this-test-alone', PARTNER_GATEWAY_SECRET: 'of-this-test-alone' };

it('the configuration of the README is accepted as it stands there', () => {
  const config = parseServerConfig(parse(example), environment, { sections: [identityChaining] });
  expect(config.edges.map(({ target }) => target)).toEqual(['http://localhost:9002', 'message-service']);
});

it('clients have the grant only where the section is', () => {
  const without = { ...(parse(example) as object), identityChaining: undefined, edges: [] };
  expect(() => parseServerConfig(without, environment, { sections: [identityChaining] })).toThrow(
    'this grant only with the section identityChaining',
  );
});
