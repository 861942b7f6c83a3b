import type { SigningKey } from './signing-key.js';

/** How this service proves to the token endpoint who it is. RFC 6749 §2.3, RFC 7523 §2.2, RFC 8705 §2. */
export type ClientAuthentication =
  | ClientSecretAuthentication
  | PrivateKeyJwtAuthentication
  | WorkloadAuthentication
  | TlsClientAuthentication
  | PublicClient;

/** A shared secret, in the header or in the form. RFC 6749 §2.3.1 */
export interface ClientSecretAuthentication {
  readonly method: 'client_secret_basic' | 'client_secret_post';
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A signed assertion, so that no secret is shared. RFC 7523 §2.2 */
export interface PrivateKeyJwtAuthentication {
  readonly method: 'private_key_jwt';
  readonly clientId: string;
  /** The key, or a function that signs with a key kept elsewhere. */
  readonly key: SigningKey;
  /** The assertion's `aud`; the issuer when absent. Some servers insist on the token endpoint's address. */
  readonly audience?: string;
}

/** A token of the platform that this service runs on, such as that of its Kubernetes service account: it keeps no secret and no key. */
export interface WorkloadAuthentication {
  readonly method: 'private_key_jwt';
  readonly clientId: string;
  /** The file that holds the token. It is read anew for each request, since the platform puts a new one into its place. */
  readonly assertionFile: string;
}

/** A certificate, shown in the TLS handshake to the token endpoint and to the services that are called. */
export interface TlsClientAuthentication {
  readonly method: 'tls_client_auth';
  readonly clientId: string;
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly privateKey: string;
  readonly passphrase?: string;
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string;
}

/** A client that cannot keep a secret. Few servers let one exchange tokens. */
export interface PublicClient {
  readonly method: 'none';
  readonly clientId: string;
}

/** The methods by their registered names. OpenID Connect Core §9, RFC 8705 §2.1 */
export const CLIENT_AUTHENTICATION_METHODS = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'tls_client_auth',
  'none',
] as const satisfies readonly ClientAuthentication['method'][];
