import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { isOwnType, oneSpelling, TYPE_OF_YOUR_OWN } from '../reserved-types.js';
import type { SubjectTokenProfile } from './subject-token-profile.js';

/** A profile that was found, and what it is called in mistakes. */
export interface FoundProfile {
  readonly type: string;
  readonly name: string;
  readonly profile: SubjectTokenProfile;
}

/**
 * The profiles by type.
 * @param configured the types of the configuration file, each of which must have its profile
 * @throws ConfigurationError for a type that is reserved, has two profiles, or none; and for a profile that cannot verify
 */
export function profilesByType(
  found: readonly FoundProfile[],
  configured: readonly string[],
): ReadonlyMap<string, SubjectTokenProfile> {
  const byType = new Map<string, FoundProfile>();
  for (const each of found) {
    const { type, name, profile } = each;
    if (!isOwnType(type)) throw new ConfigurationError(`the type of ${name}`, type, TYPE_OF_YOUR_OWN);
    if (typeof profile.verify !== 'function') {
      throw new ConfigurationError(`the profile of ${type}`, name, 'a class with the method verify');
    }
    const other = byType.get(oneSpelling(type));
    if (other) {
      throw new ConfigurationError(`the type of ${name}`, type, `another type than that of ${other.name}`);
    }
    byType.set(oneSpelling(type), each);
  }
  const types = [...byType.values()].map(({ type }) => type);
  const missing = configured.findIndex((type) => !types.includes(type));
  if (missing !== -1) {
    const accepted = types.length === 0 ? 'a type that a profile verifies; there is no profile' : types.join(', ');
    throw new ConfigurationError(`customSubjectTokens.types[${missing}].type`, configured[missing]!, accepted);
  }
  return new Map([...byType.values()].map(({ type, profile }) => [type, profile]));
}
