import { writeFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { compareReadme, TransitServer } from '@onbehalf/testing-internal';
// #region signer
import { readFile } from 'node:fs/promises';
import { RemoteSigningKeys } from '@onbehalf/authorization-server';
import { VaultTransitSigner } from '@onbehalf/vault-signer';

const openKeys = (address: string, tokenFile: string) => {
  const signer = new VaultTransitSigner({
    address, // such as https://vault.internal:8200
    token: () => readFile(tokenFile, 'utf8'),
    keys: ['onbehalf-es256', 'onbehalf-rs256'],
    schedule: { publishAhead: 3600, retireFor: 28_860 },
  });
  return RemoteSigningKeys.open({ signer });
};
// #endregion

const vault = await new TransitServer().start();
vault.rotate('onbehalf-es256', 'ecdsa-p256');
vault.rotate('onbehalf-rs256', 'rsa-2048');
const tokenFile = join(mkdtempSync(join(tmpdir(), 'readme-')), 'vault-token');
writeFileSync(tokenFile, 's.test-token');
afterAll(() => vault.stop());

it('the examples of the README are those tested here', () => {
  expect(compareReadme(import.meta.url)).toEqual({ notQuoted: [], notTested: [] });
});

it('opens the keys that are in Vault', async () => {
  const keys = await openKeys(vault.address, tokenFile);
  expect(keys).toBeInstanceOf(RemoteSigningKeys);
  expect(vault.requests.map(({ path }) => path)).toContain('/v1/transit/keys/onbehalf-es256');
});
