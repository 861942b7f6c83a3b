import { readJson, UnexpectedStatus, type ReadJsonOptions } from '../transport/read-json.js';

/**
 * The `jwks_uri` in the issuer's metadata: OpenID Connect Discovery 1.0 §4, then RFC 8414 §3 when the first is not there.
 * @throws Error when neither document is served, or it is not the issuer's own
 */
export async function discoverJwksUri(issuer: string, options: ReadJsonOptions): Promise<string> {
  const [openidConfiguration, oauthMetadata] = metadataUrls(issuer);
  let metadata: unknown;
  try {
    metadata = await readJson(openidConfiguration, options);
  } catch (error) {
    if (!(error instanceof UnexpectedStatus && error.status === 404)) throw error;
    metadata = await readJson(oauthMetadata, options);
  }
  return jwksUriOf(metadata, issuer);
}

// RFC 8414 §3.1 inserts the well-known part between host and path, OpenID Connect Discovery §4.1 appends it
function metadataUrls(issuer: string): [string, string] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ];
}

function jwksUriOf(metadata: unknown, issuer: string): string {
  const { issuer: given, jwks_uri: jwksUri } = (metadata ?? {}) as Record<string, unknown>;
  // RFC 8414 §3.3: the issuer value returned MUST be identical to the one the metadata was asked for
  if (given !== issuer) throw new Error(`the metadata names the issuer ${quoted(given)}, not ${quoted(issuer)}`);
  if (typeof jwksUri !== 'string' || !URL.canParse(jwksUri)) throw new Error('the metadata has no jwks_uri');
  // keys that come over plain HTTP would undo the TLS of the issuer
  if (new URL(issuer).protocol === 'https:' && new URL(jwksUri).protocol !== 'https:') {
    throw new Error('the jwks_uri of an https issuer is not https');
  }
  return jwksUri;
}

/** Characters of a foreign value that go into a message. */
const MAX_QUOTED = 200;

function quoted(value: unknown): string {
  return (JSON.stringify(value) ?? 'undefined').slice(0, MAX_QUOTED);
}
