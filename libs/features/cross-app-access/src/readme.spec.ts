import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseServerConfig } from '@onbehalf/authorization-server';
import { TokenType } from '@onbehalf/oauth-protocol';
import { codeBlocks } from '@onbehalf/testing-internal';
import { parse } from 'yaml';
import { crossAppAccess } from './cross-app-access.feature.js';

const [example = ''] = codeBlocks(readFileSync(new URL('../README.md', import.meta.url), 'utf8'), ['yaml']);
const environment = { CLIENT_APP_SECRET: 'of-this-test-alone' };

interface File {
  readonly resources: readonly object[];
  readonly edges: readonly [{ readonly crossAppAccess: object }];
}

const accept = (file: object) => parseServerConfig(file, environment, { sections: [crossAppAccess] });

describe('the configuration of the README', () => {
  const file = parse(example) as File;
  const [edge] = file.edges;
  const withEdge = (change: object): object => ({ ...file, edges: [{ ...edge, ...change }] });
  const withGrant = (change: object): object => withEdge({ crossAppAccess: { ...edge.crossAppAccess, ...change } });

  it('is accepted as it stands there', () => {
    expect(accept(file).edges).toHaveLength(1);
  });

  it.each<[string, object, RegExp]>([
    [
      'subject tokens that say what a client may do',
      withEdge({ subjectTypes: [TokenType.AccessToken] }),
      /subjectTypes/,
    ],
    ['any subject token', withEdge({ subjectTypes: undefined }), /subjectTypes/],
    ['access tokens', withEdge({ issues: [TokenType.IdJag, TokenType.AccessToken] }), /issues/],
    ['what is not said', withEdge({ issues: undefined }), /issues/],
    ['impersonation', withEdge({ mode: 'impersonation' }), /mode/],
    ['no cross-app grant', withEdge({ crossAppAccess: undefined }), /crossAppAccess/],
    [
      'a resource of this domain',
      { ...file, resources: [{ audience: 'http://localhost:9002', scopes: ['orders.read'] }] },
      /target/,
    ],
    ['no resource', withGrant({ resources: [] }), /resources/],
    ['a relative resource', withGrant({ resources: ['/api'] }), /resources/],
    ['nobody', withGrant({ users: [] }), /users/],
    ['nobody said', withGrant({ users: undefined }), /users/],
    ['no client there', withGrant({ clientId: '' }), /clientId/],
    ['an unknown word', withGrant({ group: 'staff' }), /group/],
    ['another draft', { ...file, crossAppAccess: { idJag: 'draft-99' } }, /idJag/],
  ])('is refused with %s', (_case, changed, message) => {
    expect(() => accept(changed)).toThrow(message);
  });
});
