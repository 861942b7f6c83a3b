/** What the service says about itself. RFC 9728 §2. */
export interface ProtectedResourceOptions {
  /** The URL that clients use for this service. Its metadata is served where RFC 9728 §3.1 puts it. */
  readonly resource: string;
  readonly scopesSupported?: readonly string[];
  readonly name?: string;
  readonly documentation?: string;
  readonly policyUri?: string;
  readonly termsOfServiceUri?: string;
}

/** Facts that come from the other options. */
export interface ProtectedResourceFacts {
  readonly issuers: readonly string[];
  readonly dpopAlgorithms?: readonly string[];
  readonly dpopRequired?: boolean;
  readonly certificateBound?: boolean;
}

/** The metadata of a protected resource and where it is found. */
export interface ProtectedResource {
  readonly url: string;
  /** Path of the URL. */
  readonly path: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** RFC 9728 §3.1: the well-known part is inserted between the host and the path of the resource. */
export function protectedResource(options: ProtectedResourceOptions, facts: ProtectedResourceFacts): ProtectedResource {
  const { origin, pathname, search } = new URL(options.resource);
  const path = WELL_KNOWN + (pathname === '/' ? '' : pathname);
  return { url: origin + path + search, path, metadata: metadataOf(options, facts) };
}

function metadataOf(options: ProtectedResourceOptions, facts: ProtectedResourceFacts): Record<string, unknown> {
  const metadata = {
    // RFC 9728 §3.3: identical to the resource that the client asked for
    resource: options.resource,
    authorization_servers: facts.issuers,
    scopes_supported: options.scopesSupported,
    // RFC 6750 §2.1; the body and the query are not read
    bearer_methods_supported: ['header'],
    resource_name: options.name,
    resource_documentation: options.documentation,
    resource_policy_uri: options.policyUri,
    resource_tos_uri: options.termsOfServiceUri,
    tls_client_certificate_bound_access_tokens: facts.certificateBound || undefined,
    dpop_signing_alg_values_supported: facts.dpopAlgorithms,
    dpop_bound_access_tokens_required: facts.dpopRequired || undefined,
  };
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined));
}
