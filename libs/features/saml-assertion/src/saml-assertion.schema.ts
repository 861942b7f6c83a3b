import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { isAbsoluteUri } from '@onbehalf/oauth-protocol';
import { z } from 'zod';

const uri = z.string().refine(isAbsoluteUri, 'an absolute URI');
const name = z.string().min(1, 'a non-empty string');

const key = z
  .string()
  .refine(
    (pem) => isUsable(pem),
    'a certificate or a public key as PEM: RSA of 2048 bits or more, or P-256, P-384, P-521',
  );

const client = z
  .strictObject({
    client: name.describe('the client that exchanges the assertions'),
    audiences: z.array(uri).min(1, 'at least one audience').describe('its entity id: accepted values of Audience'),
    recipients: z
      .array(uri)
      .min(1, 'at least one recipient')
      .describe('its assertion consumer URL: accepted values of Recipient'),
    subjectAudience: name.describe('the audience by which edges know these assertions; the client represents it'),
  })
  .describe('a service whose users sign in by SAML');

const issuer = z
  .strictObject({
    entityId: uri.describe('the entity id of the identity provider; URNs too'),
    keys: z
      .array(key)
      .min(1, 'at least one key')
      .describe('certificates or public keys, several while the issuer changes them'),
    subject: z
      .strictObject({
        attribute: name.optional().describe('the attribute that names the subject; absent: the NameID'),
        format: uri.optional().describe('the format that the NameID must have; absent: any'),
        to: z.enum(['account', 'qualified']).describe('a local account, or known as entityId#name'),
      })
      .prefault({ to: 'qualified' }),
    scopesAttribute: name
      .optional()
      .describe('the attribute whose values are scopes that the assertion holds; absent: it holds none'),
    clients: z.array(client).min(1, 'at least one client').describe('who may exchange its assertions'),
  })
  .describe('an identity provider whose assertions are accepted');

/** The section `samlAssertion` of the configuration file. */
export const samlAssertionSettings = z
  .strictObject({ issuers: z.array(issuer).min(1, 'at least one issuer') })
  .optional()
  .describe('SAML 2.0 assertions as subject tokens (RFC 8693 section 3)');

/** The section `samlAssertion` of the configuration as it was read and checked, with its defaults. */
export type SamlAssertionSettings = NonNullable<z.infer<typeof samlAssertionSettings>>;
export type IssuerSettings = SamlAssertionSettings['issuers'][number];

/**
 * The key of a certificate, or the key itself. SAML trusts keys: who issued a certificate, and until when, says nothing.
 * @throws Error when it is neither
 */
export function toKey(pem: string): KeyObject {
  return pem.includes('BEGIN CERTIFICATE') ? new X509Certificate(pem).publicKey : createPublicKey(pem);
}

const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];

function isUsable(pem: string): boolean {
  // a private key would give its public half, and be kept where it does not belong
  if (pem.includes('PRIVATE KEY')) return false;
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = toKey(pem);
    if (asymmetricKeyType === 'rsa') return (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
    return asymmetricKeyType === 'ec' && CURVES.includes(asymmetricKeyDetails?.namedCurve ?? '');
  } catch {
    return false;
  }
}
