import { defineFeature, type ServerConfig } from '@onbehalf/authorization-server';
import { TokenRejection } from '@onbehalf/jwt-verification';
import { ConfigurationError, TokenType } from '@onbehalf/oauth-protocol';
import type { ExchangeRefusal, Progress } from '@onbehalf/token-exchange';
import { samlAssertionSettings, type SamlAssertionSettings } from './saml-assertion.schema.js';
import { SamlAssertionVerifier } from './saml-assertion.verifier.js';

/**
 * SAML 2.0 assertions in exchanges: a service that signs its users in by SAML exchanges the assertion that was issued to itself for
 * an access token. RFC 8693 §3, RFC 7522 §3.
 */
export const samlAssertion = defineFeature({
  name: 'samlAssertion',
  settings: samlAssertionSettings,
  check,
  register: ({ settings }) => ({
    verifiers: [new SamlAssertionVerifier(settings)],
    foreignIssuers: settings.issuers.map(({ entityId }) => entityId),
  }),
  audit: [
    {
      name: 'assertion',
      description: 'the ID of the SAML assertion that was presented',
      searchable: true,
      of: ({ subject }) => {
        const id = subject?.details['assertion'];
        return typeof id === 'string' ? id : undefined;
      },
    },
  ],
  explain,
});

/** What is known of the assertion, or what is wrong with it; `undefined`: the token is none. */
function explain({ request, subject }: Progress, refusal?: ExchangeRefusal): object | undefined {
  if (request?.subject.type !== TokenType.Saml2) return undefined;
  const { cause } = refusal ?? {};
  if (!subject) return cause instanceof TokenRejection ? { rejected: cause.code } : undefined;
  const { issuer, issuedAt, expiresAt, audiences, authentication } = subject;
  return { assertion: subject.details['assertion'], issuer, issuedAt, expiresAt, audiences, ...authentication };
}

function check({ issuers }: SamlAssertionSettings, { clients, trustedIssuers }: ServerConfig, section: string): void {
  const refuse = (at: string, value: string, accepted: string): never => {
    throw new ConfigurationError(`${section}.${at}`, value, accepted);
  };
  const known = trustedIssuers.map(({ issuer }) => issuer);
  issuers.forEach(({ entityId, clients: accepted }, index) => {
    if (known.includes(entityId)) refuse(`issuers[${index}].entityId`, entityId, 'each other issuer once');
    known.push(entityId);
    if (entityId.includes('#')) refuse(`issuers[${index}].entityId`, entityId, 'a URI without a fragment');
    accepted.forEach(({ client, subjectAudience }, at) => {
      const place = `issuers[${index}].clients[${at}]`;
      const registration = clients.find(({ clientId }) => clientId === client);
      if (!registration) return refuse(`${place}.client`, client, 'a registered client');
      if (!registration.represents.includes(subjectAudience)) {
        refuse(`${place}.subjectAudience`, subjectAudience, `what ${client} represents`);
      }
    });
  });
}
