import type { Clocks } from '../cache/expiry.js';
import { authenticateClient } from '../client-authentication/authenticate-client.js';
import type { DpopProofs } from '../dpop/dpop-proofs.js';
import type { TokenExchangeOptions } from '../options/token-exchange-options.js';
import type { Preset } from '../presets/preset.js';
import { DiscoveredMetadata, GivenMetadata, type ServerMetadata } from './server-metadata.js';
import { createTransport, type Transport } from './token-endpoint-transport.js';
import { TokenEndpoint } from './token-endpoint.js';

/** Milliseconds that one metadata request may take. */
const DISCOVERY_TIMEOUT = 2000;

interface Parts {
  readonly preset: Preset;
  readonly dpop: DpopProofs | undefined;
  readonly clocks: Clocks;
}

/** The token endpoint that the options describe, and where its address comes from. */
export function createTokenEndpoint(
  options: TokenExchangeOptions,
  { preset, dpop, clocks }: Parts,
): { readonly endpoint: TokenEndpoint; readonly metadata: ServerMetadata } {
  const { clientAuthentication } = options;
  const mutualTls = clientAuthentication.method === 'tls_client_auth';
  const transport = createTransport(mutualTls ? clientAuthentication : undefined);
  const metadata = createMetadata(options, transport, clocks);
  const endpoint = new TokenEndpoint({
    metadata,
    clientId: clientAuthentication.clientId,
    authentication: authenticateClient(clientAuthentication, clocks.wall),
    mutualTls,
    preset,
    transport,
    dpop,
  });
  return { endpoint, metadata };
}

function createMetadata(
  { issuer, tokenEndpoint, allowInsecureHttp }: TokenExchangeOptions,
  transport: Transport,
  clocks: Clocks,
): ServerMetadata {
  if (tokenEndpoint !== undefined) return new GivenMetadata(issuer ?? tokenEndpoint, tokenEndpoint);
  return new DiscoveredMetadata({
    issuer: issuer ?? '',
    transport,
    allowInsecureHttp,
    timeout: DISCOVERY_TIMEOUT,
    monotonic: clocks.monotonic,
  });
}
