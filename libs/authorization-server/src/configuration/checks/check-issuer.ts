import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { ServerConfig } from '../schema/server-config.schema.js';
import { algorithmsOf } from '../schema/verification-key.js';

/** The keys of a trusted issuer can be found and are for its algorithms, and it speaks for e-mail addresses of its own domains alone. */
export function* issuerMistakes(
  trusted: ServerConfig['trustedIssuers'][number],
  setting: string,
): Generator<ConfigurationError> {
  const { issuer, jwks, jwksUri, algorithms, subject, tenant, usages } = trusted;
  // RFC 8414 §3: only from the URL of an issuer can the address of its keys be found
  if (!jwks && jwksUri === undefined && !/^https?:/i.test(issuer)) {
    const accepted = `jwks or jwksUri, because nothing can be found at ${issuer}`;
    yield new ConfigurationError(`${setting}.jwksUri`, jwksUri, accepted);
  }
  const usable: readonly string[] = jwks ? jwks.keys.flatMap(algorithmsOf) : algorithms;
  if (!algorithms.some((algorithm) => usable.includes(algorithm))) {
    yield new ConfigurationError(`${setting}.algorithms`, algorithms, 'one that a key of its jwks is for');
  }
  // a tenant that nobody compares would be none
  if (tenant !== undefined && !usages.includes('id-jag')) {
    yield new ConfigurationError(`${setting}.tenant`, tenant, 'a tenant together with the usage id-jag');
  }
  if (usages.includes('workload')) yield* ofWorkloadMistakes(trusted, setting);
  // an issuer may speak for the addresses of its own domains alone
  if ((subject?.claim === 'email') === (subject?.domains !== undefined)) return;
  yield new ConfigurationError(`${setting}.subject.domains`, subject?.domains, 'domains exactly for the claim email');
}

// RFC 8725 §3.12: whoever says which workload a client is speaks for nobody else, so that no token is taken for one of another kind
function* ofWorkloadMistakes(
  { usages, requiredClaims, profile, subject }: ServerConfig['trustedIssuers'][number],
  setting: string,
): Generator<ConfigurationError> {
  if (usages.length > 1) yield new ConfigurationError(`${setting}.usages`, usages, 'workload alone');
  for (const [name, value] of Object.entries({ requiredClaims, profile, subject })) {
    if (value === undefined) continue;
    yield new ConfigurationError(`${setting}.${name}`, value, 'nothing, because workloads are known by sub alone');
  }
}
