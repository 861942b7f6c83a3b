import {
  DEFAULT_CLOCK_TOLERANCE,
  LocalIssuerKeys,
  MAX_CLOCK_TOLERANCE,
  RemoteIssuerKeys,
  SIGNING_ALGORITHMS,
  type TrustedIssuer,
} from '@onbehalf/jwt-verification';
import { ConfigurationError, isScopeToken, systemClock, type Clock } from '@onbehalf/oauth-protocol';
import type { RequestFinder } from './guarded-request.js';
import type { Requirement } from './requirements.js';
import { DEFAULT_ALGORITHMS, type IssuerOptions, type ResourceServerOptions } from './resource-server-options.js';

/** The options after validation: nothing is optional that the guard needs. */
export interface ResourceServerSettings {
  readonly issuers: readonly TrustedIssuer[];
  readonly audiences: readonly string[];
  readonly global: boolean;
  readonly requirements: readonly Requirement[];
  readonly clockTolerance: number;
  readonly request?: RequestFinder;
  readonly clock: Clock;
}

/**
 * Validates the options.
 * @throws ConfigurationError naming the option, what was given and what is accepted
 */
export function toSettings(options: ResourceServerOptions): ResourceServerSettings {
  return {
    issuers: trustedIssuers(options),
    audiences: audiences(options.audience),
    global: options.global ?? false,
    requirements: requirements(options),
    clockTolerance: clockTolerance(options.clockTolerance),
    request: options.request,
    clock: options.clock ?? systemClock,
  };
}

function trustedIssuers(options: ResourceServerOptions): readonly TrustedIssuer[] {
  const { issuer, issuers } = options;
  if ((issuer === undefined) === (issuers === undefined)) {
    throw new ConfigurationError('issuer', issuer, 'the URL of the authorization server, or issuers instead of it');
  }
  const given: readonly (IssuerOptions | TrustedIssuer)[] = issuers ?? [options as IssuerOptions];
  if (given.length === 0) throw new ConfigurationError('issuers', issuers, 'one issuer or more');
  return given.map((one) => ('keys' in one ? one : trustedIssuer(one)));
}

function trustedIssuer({ issuer, jwksUri, jwks, algorithms = DEFAULT_ALGORITHMS }: IssuerOptions): TrustedIssuer {
  httpUrl('issuer', issuer);
  if (jwksUri !== undefined) httpUrl('jwksUri', jwksUri);
  if (algorithms.length === 0 || algorithms.some((algorithm) => !SIGNING_ALGORITHMS.includes(algorithm))) {
    throw new ConfigurationError('algorithms', algorithms, SIGNING_ALGORITHMS.join(', '));
  }
  const keys = jwks ? new LocalIssuerKeys(jwks) : new RemoteIssuerKeys({ issuer, jwksUri });
  return { issuer, algorithms, keys };
}

function httpUrl(setting: string, value: unknown): void {
  if (typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return;
  throw new ConfigurationError(setting, value, 'an http or https URL');
}

function audiences(audience: unknown): readonly string[] {
  const values: readonly unknown[] = Array.isArray(audience) ? audience : [audience];
  const accepted = 'the name or names of this service that tokens carry in aud; audience validation cannot be disabled';
  if (values.length === 0 || !values.every(isAudience)) throw new ConfigurationError('audience', audience, accepted);
  return values;
}

function isAudience(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.trim() === value && !value.includes('*');
}

function requirements({ scopes, actors }: ResourceServerOptions): readonly Requirement[] {
  const found: Requirement[] = [];
  if (scopes !== undefined) {
    if (!nonEmptyNames(scopes) || !scopes.every(isScopeToken)) {
      throw new ConfigurationError('scopes', scopes, 'one scope token or more; leave it out to demand none');
    }
    found.push({ kind: 'scopes', scopes });
  }
  if (actors !== undefined) {
    if (!nonEmptyNames(actors)) {
      throw new ConfigurationError('actors', actors, 'one subject or more; leave it out to accept any actor');
    }
    found.push({ kind: 'known_actor', actors });
  }
  return found;
}

function nonEmptyNames(values: unknown): values is readonly string[] {
  return (
    Array.isArray(values) && values.length > 0 && values.every((value) => typeof value === 'string' && value !== '')
  );
}

function clockTolerance(value: number = DEFAULT_CLOCK_TOLERANCE): number {
  if (Number.isInteger(value) && value >= 0 && value <= MAX_CLOCK_TOLERANCE) return value;
  throw new ConfigurationError('clockTolerance', value, `0 to ${MAX_CLOCK_TOLERANCE} whole seconds`);
}
