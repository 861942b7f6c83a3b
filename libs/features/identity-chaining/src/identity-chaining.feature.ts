import { defineFeature, usableEdges, type ServerConfig } from '@onbehalf/authorization-server';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { AuthorizationGrantIssuer } from './authorization-grant.issuer.js';
import { AuthorizationGrantVerifier } from './authorization-grant.verifier.js';
import { chainedIdentity, identityChainingSettings } from './identity-chaining.schema.js';

/**
 * Identity chaining across domains, as both sides: an exchange for the authorization server of another domain gives a grant, and the
 * grants of other domains give access tokens here. draft-ietf-oauth-identity-chaining-17, RFC 7523 §2.1
 */
export const identityChaining = defineFeature({
  name: 'identityChaining',
  settings: identityChainingSettings,
  members: { edge: chainedIdentity },
  grantTypes: [GrantType.JwtBearer],
  register: (parts) => ({
    issuers: [new AuthorizationGrantIssuer(parts)],
    verifiers: [new AuthorizationGrantVerifier(parts)],
  }),
  metadata: (_settings, config) =>
    givesGrants(config) ? { identity_chaining_requested_token_types_supported: [TokenType.Jwt] } : {},
  audit: [
    {
      name: 'authorizationGrant',
      description: 'the identifier of the grant that was given to another domain, or taken from one',
      searchable: true,
      of: ({ request, resources, subject }, issued) => {
        if (issued?.tokenType === 'N_A' && request?.requestedType === TokenType.Jwt && resources) return issued.jwtId;
        return subject?.grant && request?.subject.type === TokenType.Jwt ? subject.jwtId : undefined;
      },
    },
  ],
  explain: ({ subject }) => subject?.grant && { grantOf: subject.issuer, limits: subject.grant },
});

function givesGrants(config: ServerConfig): boolean {
  const { resources } = config;
  const servers = resources.filter(({ kind }) => kind === 'authorization_server').map(({ audience }) => audience);
  return usableEdges(config).some(
    ({ target, issues = [TokenType.Jwt] }) => servers.includes(target) && issues.includes(TokenType.Jwt),
  );
}
