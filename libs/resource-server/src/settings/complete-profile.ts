import type { AccessTokenProfile } from '@onbehalf/jwt-verification';
import { ConfigurationError } from '@onbehalf/oauth-protocol';

type Check = readonly [isRight: (value: unknown) => boolean, accepted: string];

const isName = (value: unknown): boolean => typeof value === 'string' && value !== '';
const areNames = (value: unknown): value is readonly unknown[] => Array.isArray(value) && value.every(isName);
const isType = (value: unknown): boolean => typeof value === 'string' && !/[A-Z]|^application\//.test(value);
const names: Check = [(value) => areNames(value) && value.length > 0, 'a list of one name or more'];

/** What each member of a profile must be: from an empty list nothing would be read, and every token refused. */
const CHECKS: Readonly<Record<keyof AccessTokenProfile, Check>> = {
  name: [isName, 'a name'],
  types: [
    (value) => Array.isArray(value) && value.length > 0 && value.every(isType),
    'a list of one name or more, in lower case and without application/',
  ],
  clientId: names,
  audience: [(value) => value === undefined || names[0](value), names[1]],
  roles: [
    (value) => value === undefined || (Array.isArray(value) && value.every((path) => names[0](path))),
    'lists of names, from the outside in',
  ],
  scope: [areNames, 'a list of names'],
  scopeFormat: [(value) => ['string', 'list', 'either'].includes(value as string), 'string, list or either'],
  jwtId: [(value) => value === undefined || isName(value), 'the name of a claim'],
  required: [areNames, 'a list of names'],
  isAccessToken: [(value) => typeof value === 'function', 'a function'],
};

/**
 * A profile that was given as an object, as it must be: what is wrong would be noticed at the first token only.
 * @throws ConfigurationError that names the member
 */
export function completeProfile(setting: string, profile: AccessTokenProfile | null): AccessTokenProfile {
  if (profile === null) throw new ConfigurationError(setting, profile, 'the name of a profile, or a profile object');
  for (const [member, [isRight, accepted]] of Object.entries(CHECKS)) {
    const value = (profile as unknown as Readonly<Record<string, unknown>>)[member];
    if (!isRight(value)) throw new ConfigurationError(`${setting}.${member}`, value, accepted);
  }
  return profile;
}
