import { DiscoveryModule } from '@nestjs/core';
import { defineFeature, type ServerConfig } from '@onbehalf/authorization-server';
import { ConfigurationError, GrantType } from '@onbehalf/oauth-protocol';
import type { ExchangeRefusal, Progress } from '@onbehalf/token-exchange';
import { CustomSubjectTokenVerifier } from './custom-subject-token.verifier.js';
import { customSubjectTokensSettings, type CustomSubjectTokensSettings } from './custom-subject-tokens.schema.js';
import { ProfileDiscovery } from './profile/profile-discovery.js';
import { ProfileRefusal, type ProfileOutcome } from './profile-refusal.js';
import { oneSpelling } from './reserved-types.js';

/**
 * Subject tokens of your own types: each is verified by a class or a function of yours, which names exactly one user. What the token
 * may be exchanged for, the edges say. RFC 8693 §3.
 */
export const customSubjectTokens = defineFeature({
  name: 'customSubjectTokens',
  settings: customSubjectTokensSettings,
  check,
  register: (parts) => ({
    verifiers: parts.settings.types.map((type) => new CustomSubjectTokenVerifier(parts, type)),
    foreignIssuers: namespacesOf(parts.settings, parts.own.issuer),
  }),
  metadata: ({ types }) => ({ custom_subject_token_types_supported: types.map(({ type }) => type) }),
  module: () => ({ imports: [DiscoveryModule], providers: [ProfileDiscovery] }),
  audit: [
    {
      name: 'customTokenType',
      description: 'the type of a subject token that a profile has verified',
      searchable: true,
      of: (reached, _issued, refusal) => told(reached, refusal)?.type,
    },
    {
      name: 'profileOutcome',
      description:
        'what its profile has said: subject, invalid, denied, unavailable; or throttled, when it was not asked',
      searchable: true,
      of: (reached, _issued, refusal) => told(reached, refusal)?.outcome,
    },
  ],
  explain: (reached, refusal) => {
    const said = told(reached, refusal);
    return said && { ...said, ...(reached.subject && { expiresAt: reached.subject.expiresAt }) };
  },
});

/** What a profile has said of the subject token; `undefined`: it is of another kind, or no profile was asked. */
function told(
  { subject }: Progress,
  refusal: ExchangeRefusal | undefined,
): { readonly type: string; readonly outcome: ProfileOutcome } | undefined {
  const type = subject?.details['customTokenType'];
  if (typeof type === 'string') return { type, outcome: 'subject' };
  const { cause } = refusal ?? {};
  return cause instanceof ProfileRefusal ? { type: cause.type, outcome: cause.outcome } : undefined;
}

function namespacesOf({ types }: CustomSubjectTokensSettings, own: string): readonly string[] {
  const namespaces = types.flatMap((type) => type.namespaces);
  // a profile speaks for accounts by their name, and for nobody else of this server
  if (namespaces.includes(own)) {
    throw new ConfigurationError('customSubjectTokens.types.namespaces', own, 'namespaces of others than this server');
  }
  return [...new Set(namespaces)];
}

function check({ types }: CustomSubjectTokensSettings, config: ServerConfig, section: string): void {
  const refuse = (at: string, value: string, accepted: string): never => {
    throw new ConfigurationError(`${section}.${at}`, value, accepted);
  };
  const spelled = types.map(({ type }) => oneSpelling(type));
  types.forEach(({ type, namespaces, clients }, index) => {
    if (spelled.indexOf(spelled[index]!) !== index) refuse(`types[${index}].type`, type, 'each type once');
    const taken = namespaces.find((namespace) => config.trustedIssuers.some(({ issuer }) => issuer === namespace));
    if (taken !== undefined)
      refuse(`types[${index}].namespaces`, taken, 'namespaces that no trusted issuer speaks for');
    clients.forEach(({ client, subjectAudience }, at) => {
      const place = `types[${index}].clients[${at}]`;
      const registration = config.clients.find(({ clientId }) => clientId === client);
      if (!registration?.grantTypes.includes(GrantType.TokenExchange)) {
        return refuse(`${place}.client`, client, 'a registered client with the grant of token exchange');
      }
      if (clients.findIndex((other) => other.client === client) !== at) {
        refuse(`${place}.client`, client, 'each client once');
      }
      if (!registration.represents.includes(subjectAudience)) {
        refuse(`${place}.subjectAudience`, subjectAudience, `what ${client} represents`);
      }
    });
  });
}
