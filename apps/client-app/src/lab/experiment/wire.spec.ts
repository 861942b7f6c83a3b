import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { startTestServer } from '@onbehalf/testing';
import { createTestCluster } from '@onbehalf/testing-internal';
import { TokenNames } from './token-names.js';
import { Wire } from './wire.js';

it('RFC 7523 §2.2: a client of a platform sends what is in its file, and nobody is shown it', async () => {
  const server = await startTestServer(() => ({ status: 200 }));
  const assertionFile = join(mkdtempSync(join(tmpdir(), 'wire-')), 'token');
  const assertion = await (await createTestCluster()).token('shop/client-app', server.url);
  writeFileSync(assertionFile, assertion);
  const client = { id: 'client-app', assertionFile };
  const asked = { from: 'client-app', to: 'auth-server', what: 'exchange', url: server.url, client };
  const { message } = await new Wire(new TokenNames(), fetch).send({ ...asked, form: [['scope', 'read']] });
  await server.close();
  const { body, headers } = server.requests[0]!;
  expect(headers.authorization).toBeUndefined();
  expect([...new URLSearchParams(body)]).toEqual([
    ['scope', 'read'],
    ['client_id', 'client-app'],
    ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
    ['client_assertion', assertion],
  ]);
  expect(message.request?.form).toContainEqual(['client_assertion', '$CLIENT_ASSERTION']);
  expect(JSON.stringify(message)).not.toContain(assertion);
});
