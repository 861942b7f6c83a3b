import { CLOCK_TOLERANCE } from './assertion.js';
import { rejection } from './assertion-rejection.js';
import { timeOf } from './saml-time.js';
import { childrenNamed, childrenOf, isNamed, SAML, textOf } from './xml.js';

/** What this server keeps. SAML Core §2.5.1: an assertion with a condition that is not understood is not valid. */
const UNDERSTOOD = ['AudienceRestriction', 'OneTimeUse'];

export interface Conditions {
  /** The accepted values of Audience that the assertion names. */
  readonly audiences: readonly string[];
  /** Seconds since the epoch. */
  readonly expiresAt?: number | undefined;
}

/**
 * @param accepted values of Audience
 * @throws TokenRejection when a condition does not hold, or is not understood
 */
export function readConditions(conditions: Element, accepted: readonly string[], at: number): Conditions {
  const strange = childrenOf(conditions).find((child) => !UNDERSTOOD.some((name) => isNamed(child, SAML, name)));
  if (strange) throw rejection('critical', `The assertion has a condition that is not supported: ${strange.localName}`);
  const [notBefore, notOnOrAfter] = [timeOf(conditions, 'NotBefore'), timeOf(conditions, 'NotOnOrAfter')];
  if (notBefore !== undefined && notBefore > at + CLOCK_TOLERANCE) {
    throw rejection('not_yet_valid', 'The assertion is not valid yet');
  }
  if (notOnOrAfter !== undefined && notOnOrAfter <= at - CLOCK_TOLERANCE) {
    throw rejection('expired', 'The assertion has expired');
  }
  return { audiences: acceptedAudiences(conditions, accepted), expiresAt: notOnOrAfter };
}

// SAML Core §2.5.1.4: one of the audiences of each restriction
function acceptedAudiences(conditions: Element, accepted: readonly string[]): readonly string[] {
  const restrictions = childrenNamed(conditions, SAML, 'AudienceRestriction').map((restriction) =>
    childrenNamed(restriction, SAML, 'Audience').map(textOf),
  );
  const kept = restrictions.map((audiences) => audiences.filter((audience) => accepted.includes(audience)));
  if (kept.length === 0 || kept.some((audiences) => audiences.length === 0)) {
    throw rejection('audience', 'The assertion is for another audience');
  }
  return [...new Set(kept.flat())];
}
