import { ConfigurationError } from '@onbehalf/oauth-protocol';

/** A parameter of the request that a verifier, a rule or an issuer reads beside those of RFC 8693 §2.1; sent at most once. */
export interface DeclaredParameter {
  readonly name: string;
  /** Characters; longer values are refused. Default 2048. */
  readonly maxLength?: number;
}

/** Whatever may read parameters of its own. */
export interface ReadsParameters {
  /** Parameters that travel to it, beside those of RFC 8693 §2.1. Default none. */
  readonly parameters?: readonly DeclaredParameter[];
}

/** The parameters of RFC 8693 §2.1, and `reason` for impersonations. */
export const EXCHANGE_PARAMETERS: readonly string[] = [
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'audience',
  'resource',
  'scope',
  'reason',
];

/** Read at the token endpoint before any grant: RFC 6749 §2.3.1, §4.1.3, RFC 7521 §4.2. */
const OF_THE_ENDPOINT = ['grant_type', 'client_id', 'client_secret', 'client_assertion', 'client_assertion_type'];

/**
 * The parameters that these read, each once.
 * @throws ConfigurationError when one means something else already, or two declare it differently
 */
export function declaredParameters(readers: readonly ReadsParameters[]): readonly DeclaredParameter[] {
  const found = new Map<string, DeclaredParameter>();
  for (const declared of readers.flatMap(({ parameters = [] }) => parameters)) {
    const { name, maxLength } = declared;
    const before = found.get(name) ?? declared;
    if (name === '' || [...EXCHANGE_PARAMETERS, ...OF_THE_ENDPOINT].includes(name) || before.maxLength !== maxLength) {
      throw new ConfigurationError('parameters', name, 'a name that means nothing else');
    }
    found.set(name, declared);
  }
  return [...found.values()];
}
