import { errors, type Client, type Configuration } from 'oidc-provider';
import type { ServerConfig } from '../../configuration/schema/server-config.schema.js';
import { ROUTES } from '../../protocol/routes.js';

/**
 * Whom a client assertion must be for: the issuer alone, as a string (RFC 7523bis), or the token endpoint (RFC 7523 §3) for clients
 * that are registered so. Checked once the signature holds, so that only the client itself learns why.
 */
export function checkAssertion({
  issuer,
  config: { clients },
}: {
  readonly issuer: string;
  readonly config: Pick<ServerConfig, 'clients'>;
}): NonNullable<Configuration['assertJwtClientAuthClaimsAndHeader']> {
  const toTokenEndpoint = new Set(
    clients.filter(({ assertionAudience }) => assertionAudience === 'token_endpoint').map(({ clientId }) => clientId),
  );
  return (_ctx, { aud }, _header, { clientId }: Client) => {
    if (aud === issuer) return;
    if (!toTokenEndpoint.has(clientId)) throw refusal(`its aud must be ${issuer} alone, as a string`);
    const [audience, ...others] = [aud].flat();
    if (others.length === 0 && (audience === issuer || audience === issuer + ROUTES.token)) return;
    throw refusal(`its aud must be ${issuer} or ${issuer}${ROUTES.token} alone`);
  };
}

function refusal(cause: string): errors.InvalidClientAuth {
  const refused = new errors.InvalidClientAuth('the audience of the assertion is another');
  return Object.assign(refused, { error_description: `the client assertion is refused: ${cause}` });
}
