import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { ServerConfig } from '../schema/server-config.schema.js';
import { algorithmsOf } from '../schema/verification-key.js';

/** The keys of a trusted issuer can be found and are for its algorithms, and it speaks for e-mail addresses of its own domains alone. */
export function* issuerMistakes(
  { issuer, jwks, jwksUri, algorithms, subject, tenant, usages }: ServerConfig['trustedIssuers'][number],
  setting: string,
): Generator<ConfigurationError> {
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
  // an issuer may speak for the addresses of its own domains alone
  if ((subject?.claim === 'email') === (subject?.domains !== undefined)) return;
  yield new ConfigurationError(`${setting}.subject.domains`, subject?.domains, 'domains exactly for the claim email');
}
