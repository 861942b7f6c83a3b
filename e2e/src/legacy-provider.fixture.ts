import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { signAssertion, unsignedAssertion } from '@onbehalf/testing-internal';

/** The entity id of an identity provider of the old kind, which speaks SAML. */
export const LEGACY_PROVIDER = 'urn:example:legacy-idp';

const audience = 'https://legacy.example';
const recipient = 'https://legacy.example/acs';
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** How a server trusts it: for assertions that `legacy-service` has received. */
export const legacyProvider = {
  issuers: [
    {
      entityId: LEGACY_PROVIDER,
      keys: [keys.publicKey.export({ type: 'spki', format: 'pem' })],
      subject: { to: 'account' },
      clients: [
        { client: 'legacy-service', audiences: [audience], recipients: [recipient], subjectAudience: 'legacy' },
      ],
    },
  ],
};

/** What it has given to `legacy-service` for this user. */
export function samlAssertion(name: string): string {
  const now = Math.floor(Date.now() / 1000);
  const given = { now, id: `_${randomUUID()}`, name, issuer: LEGACY_PROVIDER, audience, recipient };
  return Buffer.from(signAssertion(unsignedAssertion(given), { key: keys.privateKey })).toString('base64url');
}
