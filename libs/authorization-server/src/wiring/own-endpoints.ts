import type { AcceptsToken, ResourceServerOptions } from '@onbehalf/resource-server';
import type { AuthorizationServerOptions } from '../authorization-server.options.js';
import { FileInForce } from '../configuration/file-in-force.js';
import type { ServerConfig } from '../configuration/schema/server-config.schema.js';
import { ADMIN_AUDIENCE } from '../configuration/own/admin-audience.js';
import { ME_AUDIENCE } from '../configuration/own/me-audience.js';
import type { ServerStorage } from '../ports/server-storage.js';
import { Entitlements } from '../policy/entitlements.js';
import { OWN_ALGORITHMS } from '../keys/key-set.js';

/** What the guard of the server's own endpoints is made of. */
export type OwnEndpointsOptions = Pick<
  AuthorizationServerOptions,
  'issuer' | 'config' | 'keys' | 'nonceSecret' | 'clientCertificateHeader' | 'trustedProxies'
> & {
  readonly storage: Pick<ServerStorage, 'replay'> & { readonly tokens: Pick<ServerStorage['tokens'], 'standing'> };
};

/**
 * The server as a resource server: its own endpoints are guarded as everybody's, with tokens for its own audience. RFC 6750,
 * RFC 9449 §7, RFC 8705 §3
 */
export function ownEndpoints(
  options: OwnEndpointsOptions,
  file = new FileInForce(options.config),
): ResourceServerOptions {
  const { issuer, config, keys, storage, clientCertificateHeader: header, trustedProxies = [] } = options;
  const { tokens, replay } = storage;
  const entitlements = entitlementsIn(file);
  return {
    issuers: [{ issuer, keys: keys.verification, algorithms: OWN_ALGORITHMS, accepts: isFor }],
    audience: [ADMIN_AUDIENCE, ME_AUDIENCE],
    notImpersonated: true,
    dpop: {
      baseUrl: issuer,
      replay: { firstUse: (id, expiresAt) => replay.use(id, expiresAt) },
      ...(config.dpop.requireNonce && { nonce: { secret: options.nonceSecret } }),
    },
    mtls: { certificate: header === undefined ? 'socket' : { header, trustedProxies } },
    isRevoked: async ({ jwtId, subject, audiences, scopes }) => {
      const { revoked, impersonation } = await tokens.standing(jwtId);
      // one that does not tell of its impersonation is known by its record
      if (revoked || impersonation) return true;
      // what a person is entitled to is asked of the registrations in force, by the guard of its endpoints
      if (audiences.includes(ME_AUDIENCE)) return false;
      return entitlements().left(subject, audiences, scopes).length < scopes.length;
    },
  };
}

/** Operators stand in the file alone. */
function entitlementsIn(file: FileInForce): () => Entitlements {
  let known: { readonly of: ServerConfig; readonly entitlements: Entitlements } | undefined;
  return () => {
    const { current } = file;
    if (known?.of === current) return known.entitlements;
    const users = new Map(current.users.map((user) => [user.username, user]));
    known = { of: current, entitlements: new Entitlements(current, { find: (subject) => users.get(subject) }) };
    return known.entitlements;
  };
}

/** Tokens of people open the endpoints of people, those of operators all others; one that is for both opens neither. */
const isFor: AcceptsToken = ({ audiences }, { originalUrl = '' }) => {
  const expected = /^\/me(?=[/?]|$)/i.test(originalUrl) ? ME_AUDIENCE : ADMIN_AUDIENCE;
  return audiences.includes(expected) && !(audiences.includes(ADMIN_AUDIENCE) && audiences.includes(ME_AUDIENCE));
};
