import { readJson, UnexpectedStatus, type ReadJsonOptions } from '../transport/read-json.js';

type Metadata = Readonly<Record<string, unknown>>;

/**
 * The `jwks_uri` in the issuer's metadata: OpenID Connect Discovery 1.0 §4, then RFC 8414 §3 when the first document is not there
 * or does not have it. Some servers tell of their keys in one and of what else they can do in the other.
 * @throws Error when neither document has it, or one is not the issuer's own
 */
export async function discoverJwksUri(issuer: string, options: ReadJsonOptions): Promise<string> {
  const missing: Error[] = [];
  const urls = metadataUrls(issuer);
  for (const url of urls) {
    const metadata = await readMetadata(url, issuer, options);
    if (metadata instanceof UnexpectedStatus) missing.push(metadata);
    else if (metadata['jwks_uri'] !== undefined) return checkedUri(metadata['jwks_uri'], issuer);
  }
  throw (missing.length === urls.length && missing.at(-1)) || new Error('the metadata has no jwks_uri');
}

// RFC 8414 §3.1 inserts the well-known part between host and path, OpenID Connect Discovery §4.1 appends it
function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ];
}

/** @returns the refusal where nothing is served */
async function readMetadata(
  url: string,
  issuer: string,
  options: ReadJsonOptions,
): Promise<Metadata | UnexpectedStatus> {
  let metadata: Metadata;
  try {
    metadata = ((await readJson(url, options)) ?? {}) as Metadata;
  } catch (error) {
    if (error instanceof UnexpectedStatus && error.status === 404) return error;
    throw error;
  }
  const { issuer: given } = metadata;
  // RFC 8414 §3.3: the issuer value returned MUST be identical to the one the metadata was asked for
  if (given !== issuer) throw new Error(`the metadata names the issuer ${quoted(given)}, not ${quoted(issuer)}`);
  return metadata;
}

function checkedUri(jwksUri: unknown, issuer: string): string {
  if (typeof jwksUri !== 'string' || !URL.canParse(jwksUri)) throw new Error('the jwks_uri of the metadata is no URL');
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
