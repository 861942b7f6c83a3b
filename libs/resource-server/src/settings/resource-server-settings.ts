import type { Type } from '@nestjs/common';
import { DEFAULT_CLOCK_TOLERANCE, MAX_CLOCK_TOLERANCE, type TrustedIssuer } from '@onbehalf/jwt-verification';
import {
  ConfigurationError,
  isScopeToken,
  systemClock,
  type Clock,
  httpUrl,
  noneUnset,
  onlyKnown,
} from '@onbehalf/oauth-protocol';
import { names, wholeNumber } from './accepted-values.js';
import { GuardedCalls } from '../request/guarded-call.js';
import { protectedResource, type ProtectedResource, type ProtectedResourceOptions } from './protected-resource.js';
import { Outages } from '../verification/outages.js';
import type { ProofSettings } from '../proof/proof-of-possession.js';
import { proofSettings } from './proof-options.js';
import type { Requirement } from '../requirements/requirements.js';
import type { AcceptsToken, CacheOptions, ResourceServerOptions } from './resource-server-options.js';
import { MODULE } from '../module-name.js';
import { revocationChecks } from './revocation-options.js';
import type { RevocationCheck } from '../revocation/revocation-check.js';
import { acceptance, trustedIssuers } from './trusted-issuers.js';
import { VerifiedTokenCache } from '../verification/verified-token-cache.js';

/** The options after validation, as the parts that the guard works with. */
export interface ResourceServerSettings {
  readonly issuers: readonly TrustedIssuer[];
  /** By issuer, where its tokens are accepted for some requests only. */
  readonly acceptance: ReadonlyMap<string, AcceptsToken>;
  readonly audiences: readonly string[];
  readonly global: boolean;
  /** What every guarded route demands. */
  readonly requirements: readonly Requirement[];
  readonly clockTolerance: number;
  readonly proof: ProofSettings;
  readonly revocation: readonly RevocationCheck[];
  readonly cache?: VerifiedTokenCache;
  readonly resource?: ProtectedResource;
  readonly calls: GuardedCalls;
  readonly outages: Outages;
  readonly externalHandlers: readonly Type[];
  readonly clock: Clock;
}

const OPTIONS = Object.keys({
  issuer: true,
  issuers: true,
  audience: true,
  jwksUri: true,
  jwks: true,
  algorithms: true,
  profile: true,
  roles: true,
  accepts: true,
  global: true,
  scopes: true,
  actors: true,
  notImpersonated: true,
  noAgents: true,
  clockTolerance: true,
  resource: true,
  dpop: true,
  mtls: true,
  introspection: true,
  revocationFeed: true,
  isRevoked: true,
  allowInsecureHttp: true,
  cache: true,
  externalHandlers: true,
  request: true,
  clock: true,
} satisfies Record<keyof ResourceServerOptions, true>);

/** What would demand or check less if a value that is not set left it out. */
const NEVER_UNSET = [
  'accepts',
  'global',
  'scopes',
  'actors',
  'notImpersonated',
  'noAgents',
  'isRevoked',
] as const satisfies readonly (keyof ResourceServerOptions)[];

const CACHE_OPTIONS = Object.keys({ maxEntries: true, maxAge: true } satisfies Record<keyof CacheOptions, true>);

/**
 * Validates the options.
 * @throws ConfigurationError naming the option, what was given and what is accepted
 */
export function toSettings(options: ResourceServerOptions): ResourceServerSettings {
  try {
    return read(options);
  } catch (error) {
    throw error instanceof ConfigurationError ? error.of(MODULE) : error;
  }
}

function read(options: ResourceServerOptions): ResourceServerSettings {
  onlyKnown('', options, OPTIONS);
  noneUnset('', options, NEVER_UNSET);
  const clock = options.clock ?? systemClock;
  const tolerance = clockTolerance(options.clockTolerance);
  const outages = new Outages();
  const issuers = trustedIssuers(options, outages);
  const issuerNames = issuers.map(({ issuer }) => issuer);
  const proof = proofSettings(options, clock, tolerance);
  return {
    issuers,
    acceptance: acceptance(options),
    audiences: audiences(options.audience),
    global: options.global ?? false,
    requirements: requirements(options),
    clockTolerance: tolerance,
    proof,
    revocation: revocationChecks(options, issuerNames, clock, outages),
    cache: cache(options.cache, clock),
    resource: resource(options, issuerNames, proof),
    calls: new GuardedCalls(options.request),
    outages,
    externalHandlers: externalHandlers(options.externalHandlers),
    clock,
  };
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

/** What a whole service can be closed to. */
const CLOSED = [
  ['notImpersonated', 'not_impersonated'],
  ['noAgents', 'no_agents'],
] as const;

function requirements({ scopes, actors, ...closed }: ResourceServerOptions): readonly Requirement[] {
  const found: Requirement[] = [];
  if (scopes !== undefined) {
    const accepted = 'one scope token or more; leave it out to demand none';
    if (!names('scopes', scopes, accepted).every(isScopeToken))
      throw new ConfigurationError('scopes', scopes, accepted);
    found.push({ kind: 'scopes', scopes });
  }
  if (actors !== undefined) {
    const accepted = 'one subject or more; leave it out to accept any actor';
    found.push({ kind: 'known_actor', actors: names('actors', actors, accepted) });
  }
  for (const [name, kind] of CLOSED) {
    const { [name]: value = false } = closed;
    if (typeof value !== 'boolean') throw new ConfigurationError(name, value, 'true or false');
    if (value) found.push({ kind });
  }
  return found;
}

function externalHandlers(value: unknown = []): readonly Type[] {
  if (Array.isArray(value) && value.every((one) => typeof one === 'function')) return value as readonly Type[];
  throw new ConfigurationError('externalHandlers', value, 'a list of classes');
}

function clockTolerance(value: number = DEFAULT_CLOCK_TOLERANCE): number {
  return wholeNumber('clockTolerance', value, [0, MAX_CLOCK_TOLERANCE]);
}

function cache(options: boolean | CacheOptions | undefined, clock: Clock): VerifiedTokenCache | undefined {
  if (!options) return undefined;
  const given = options === true ? {} : options;
  onlyKnown('cache.', given, CACHE_OPTIONS);
  return new VerifiedTokenCache({
    maxEntries: wholeNumber('cache.maxEntries', given.maxEntries ?? 10_000, [1, 1_000_000]),
    maxAge: wholeNumber('cache.maxAge', given.maxAge ?? 60, [1, 300]),
    clock,
  });
}

function resource(
  { resource, scopes }: ResourceServerOptions,
  issuers: readonly string[],
  { dpop, certificates }: ProofSettings,
): ProtectedResource | undefined {
  if (resource === undefined) return undefined;
  onlyKnown('resource.', resource, RESOURCE_OPTIONS);
  // RFC 9728 §1.2: a URL without a fragment
  httpUrl('resource.resource', resource.resource);
  return protectedResource(
    { scopesSupported: scopes, ...resource },
    {
      issuers,
      dpopAlgorithms: dpop?.settings.algorithms,
      dpopRequired: dpop?.settings.required,
      certificateBound: certificates !== undefined,
    },
  );
}

const RESOURCE_OPTIONS = Object.keys({
  resource: true,
  scopesSupported: true,
  name: true,
  documentation: true,
  policyUri: true,
  termsOfServiceUri: true,
} satisfies Record<keyof ProtectedResourceOptions, true>);
