import { defineFeature, usableEdges, type ServerConfig } from '@onbehalf/authorization-server';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { checkCrossAppGrants } from './check-cross-app-grants.js';
import { crossAppAccessSettings, crossAppGrant } from './cross-app-access.schema.js';
import { crossAppGrantOf } from './cross-app-grant.js';
import { crossAppGrantRule } from './cross-app-grant.rule.js';
import { IdJagIssuer } from './id-jag.issuer.js';
import { IdJagVerifier } from './id-jag.verifier.js';
import { RefreshTokenVerifier } from './refresh-token.verifier.js';

const ID_JAG_PROFILE = 'urn:ietf:params:oauth:grant-profile:id-jag';

/**
 * Cross App Access, as both sides: the identity provider issues ID-JAGs under an administrator's policy, and the resource's
 * authorization server redeems those of the providers that it trusts. draft-ietf-oauth-identity-assertion-authz-grant-04
 */
export const crossAppAccess = defineFeature({
  name: 'crossAppAccess',
  settings: crossAppAccessSettings,
  members: { edge: crossAppGrant },
  grantTypes: [GrantType.JwtBearer],
  check: (_settings, config) => checkCrossAppGrants(config),
  register: (parts) => ({
    issuers: [new IdJagIssuer(parts)],
    verifiers: [new IdJagVerifier(parts), new RefreshTokenVerifier(parts)],
    rules: [crossAppGrantRule(parts)],
  }),
  metadata: (_settings, config) => ({
    ...(issues(config) && { identity_chaining_requested_token_types_supported: [TokenType.IdJag] }),
    ...(redeems(config) && { authorization_grant_profiles_supported: [ID_JAG_PROFILE] }),
  }),
  audit: [
    {
      name: 'idJag',
      description: 'the identifier of the ID-JAG that was issued or redeemed',
      searchable: true,
      of: ({ request, subject }, issued) => {
        if (issued && request?.requestedType === TokenType.IdJag) return issued.jwtId;
        return request?.subject.type === TokenType.IdJag ? subject?.jwtId : undefined;
      },
    },
  ],
  explain: ({ exchange }) => {
    const grant = crossAppGrantOf(exchange?.targets[0]?.edge);
    return grant && { clientThere: grant.clientId, resources: grant.resources, subject: grant.subject };
  },
});

function issues(config: ServerConfig): boolean {
  return usableEdges(config).some(({ issues = [] }) => issues.includes(TokenType.IdJag));
}

function redeems({ clients, trustedIssuers }: ServerConfig): boolean {
  const isTrusted = trustedIssuers.some(({ usages }) => usages.includes('id-jag'));
  return isTrusted && clients.some(({ enabled, grantTypes }) => enabled && grantTypes.includes(GrantType.JwtBearer));
}
