/**
 * A client of MCP's Enterprise-Managed Authorization, for its conformance test, which tells it the address of an MCP server as the last
 * argument, and what it is registered as in MCP_CONFORMANCE_CONTEXT.
 */
import { TokenType } from '@onbehalf/oauth-protocol';
import { onBehalfOf, TokenExchangeService } from '@onbehalf/token-exchange-client';

interface Context {
  readonly client_id: string;
  readonly client_secret: string;
  readonly idp_client_id: string;
  readonly idp_id_token: string;
  readonly idp_issuer: string;
  readonly idp_token_endpoint: string;
}

/** The authorization server of a resource. RFC 9728 §3 */
async function authorizationServerOf(resource: URL): Promise<string> {
  const answer = await fetch(new URL(`/.well-known/oauth-protected-resource${resource.pathname}`, resource));
  const { authorization_servers } = (await answer.json()) as { readonly authorization_servers: readonly string[] };
  return authorization_servers[0]!;
}

const server = new URL(process.argv.at(-1)!);
const told = JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}') as Context;
const service = new TokenExchangeService({
  issuer: told.idp_issuer,
  tokenEndpoint: told.idp_token_endpoint,
  clientAuthentication: { method: 'none', clientId: told.idp_client_id },
});
const client = service.downstream({
  name: 'mcp',
  baseUrl: server.origin,
  across: {
    kind: 'id-jag',
    audience: await authorizationServerOf(server),
    resource: server.href,
    clientAuthentication: {
      method: 'client_secret_basic',
      clientId: told.client_id,
      clientSecret: told.client_secret,
    },
  },
});
const clientInfo = { name: 'onbehalf', version: '1' };
const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
const headers = { accept: 'application/json, text/event-stream' };
await onBehalfOf({ token: told.idp_id_token, type: TokenType.IdToken }, () =>
  client.post(
    server.pathname,
    { jsonrpc: '2.0', id: 1, method: 'initialize', params },
    { headers, responseType: 'text' },
  ),
);
