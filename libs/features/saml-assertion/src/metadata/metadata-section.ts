import { X509Certificate } from 'node:crypto';
import { stringify } from 'yaml';
import type { IdentityProviderMetadata } from './read-metadata.js';

/**
 * The section of the configuration file for an identity provider, as YAML, with what is left to be filled in.
 * @param now milliseconds since the epoch
 */
export function metadataSection(
  { entityId, certificates, nameIdFormats, validUntil }: IdentityProviderMetadata,
  now: number,
): string {
  const notes = [
    ...(validUntil === undefined ? [] : [`valid until ${validUntil}: read it anew before`]),
    ...(nameIdFormats.length === 0 ? [] : [`formats of NameID: ${nameIdFormats.join(', ')}`]),
    ...certificates
      .map((pem) => new X509Certificate(pem))
      .flatMap((certificate) =>
        Date.parse(certificate.validTo) < now
          ? [`a certificate ended on ${certificate.validTo}; its key is taken all the same`]
          : [],
      ),
  ];
  const client = {
    client: 'FILL_IN: the client that exchanges its assertions',
    audiences: ['FILL_IN: the entity id of that service'],
    recipients: ['FILL_IN: its assertion consumer URL'],
    subjectAudience: 'FILL_IN: an audience that the client represents',
  };
  const issuer = { entityId, keys: certificates, subject: { to: 'qualified' }, clients: [client] };
  return [...notes.map((note) => `# ${note}`), stringify({ samlAssertion: { issuers: [issuer] } })].join('\n');
}
