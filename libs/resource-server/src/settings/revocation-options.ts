import { SIGNING_ALGORITHMS } from '@onbehalf/jwt-verification';
import {
  ConfigurationError,
  type Clock,
  fetchedUrl,
  noneUnset,
  onlyKnown,
  readAssertion,
} from '@onbehalf/oauth-protocol';
import { createPrivateKey } from 'node:crypto';
import { oneOf, wholeNumber } from './accepted-values.js';
import type { Outages } from '../verification/outages.js';
import type { IntrospectionOptions, ResourceServerOptions, RevocationFeedOptions } from './resource-server-options.js';
import { Introspection } from '../revocation/introspection.js';
import type { ClientKey, ClientWorkload } from '../revocation/client-assertion.js';
import type { ClientCredentials, OnOutage, RevocationCheck } from '../revocation/revocation-check.js';
import { RevocationFeed } from '../revocation/revocation-feed.js';

const INTROSPECTION_OPTIONS = Object.keys({
  issuer: true,
  endpoint: true,
  client: true,
  cacheFor: true,
  maxEntries: true,
  timeout: true,
  onOutage: true,
} satisfies Record<keyof IntrospectionOptions, true>);
const FEED_OPTIONS = Object.keys({
  url: true,
  issuer: true,
  client: true,
  interval: true,
  maxAge: true,
  timeout: true,
  rootClaim: true,
  onOutage: true,
} satisfies Record<keyof RevocationFeedOptions, true>);

const TIMEOUT = [1, 60_000] as const;

/** The revocation checks that the options ask for, the one that costs no call first. */
export function revocationChecks(
  options: Pick<ResourceServerOptions, 'introspection' | 'revocationFeed' | 'isRevoked' | 'allowInsecureHttp'>,
  issuers: readonly string[],
  clock: Clock,
  outages: Outages,
): readonly RevocationCheck[] {
  const { introspection, revocationFeed, isRevoked } = options;
  if (isRevoked !== undefined && typeof isRevoked !== 'function') {
    throw new ConfigurationError('isRevoked', isRevoked, 'a function that is given the token');
  }
  const url = (setting: string, value: unknown): string => fetchedUrl(setting, value, options.allowInsecureHttp);
  const shared = { issuers, clock, url, outages };
  return [
    ...(isRevoked ? [ownCheck(isRevoked)] : []),
    ...(revocationFeed !== undefined ? [feed(revocationFeed, shared)] : []),
    ...introspections(introspection, shared),
  ];
}

interface Shared {
  readonly issuers: readonly string[];
  readonly clock: Clock;
  readonly url: UrlCheck;
  readonly outages: Outages;
}

/** What only this service knows. */
function ownCheck(isRevoked: NonNullable<ResourceServerOptions['isRevoked']>): RevocationCheck {
  return { objection: async (token) => ((await isRevoked(token)) ? 'The token has been revoked' : undefined) };
}

/** One for each issuer that has one: no server knows the tokens of another. */
function introspections(options: ResourceServerOptions['introspection'], shared: Shared): readonly Introspection[] {
  if (options === undefined) return [];
  const entries = [options].flat() as readonly IntrospectionOptions[];
  const found = entries.map((entry, index) =>
    introspectionOf(entry, Array.isArray(options) ? `introspection[${index}].` : 'introspection.', shared),
  );
  const names = entries.map(({ issuer = shared.issuers[0]! }) => issuer);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw new ConfigurationError('introspection', repeated, 'each issuer once');
  return found;
}

type UrlCheck = (setting: string, value: unknown) => string;

function introspectionOf(options: IntrospectionOptions, prefix: string, shared: Shared): Introspection {
  const { issuers, clock, url, outages } = shared;
  onlyKnown(prefix, options, INTROSPECTION_OPTIONS);
  const issuer = oneOf(`${prefix}issuer`, options.issuer ?? (issuers.length === 1 ? issuers[0] : undefined), issuers);
  return new Introspection({
    issuer,
    endpoint: url(`${prefix}endpoint`, options.endpoint),
    client: client(`${prefix}client`, options.client),
    cacheFor: wholeNumber(`${prefix}cacheFor`, options.cacheFor ?? 5, [0, 60]),
    maxEntries: wholeNumber(`${prefix}maxEntries`, options.maxEntries ?? 10_000, [1, 1_000_000]),
    timeout: wholeNumber(`${prefix}timeout`, options.timeout ?? 2000, TIMEOUT),
    onOutage: onOutage(`${prefix}onOutage`, options.onOutage),
    clock,
    report: outages.reportOf(`introspection of ${issuer}`),
  });
}

function feed(options: RevocationFeedOptions, { issuers, clock, url, outages }: Shared): RevocationFeed {
  onlyKnown('revocationFeed.', options, FEED_OPTIONS);
  noneUnset('revocationFeed.', options, ['client', 'rootClaim']);
  const feedUrl = url('revocationFeed.url', options.url);
  return new RevocationFeed({
    url: feedUrl,
    issuer: oneOf('revocationFeed.issuer', options.issuer ?? issuers[0], issuers),
    client: options.client === undefined ? undefined : feedClient(options.client),
    interval: wholeNumber('revocationFeed.interval', options.interval ?? 2, [1, 60]),
    maxAge: wholeNumber('revocationFeed.maxAge', options.maxAge ?? 30, [1, 3600]),
    timeout: wholeNumber('revocationFeed.timeout', options.timeout ?? 2000, TIMEOUT),
    rootClaim: options.rootClaim,
    onOutage: onOutage('revocationFeed.onOutage', options.onOutage),
    clock,
    report: outages.reportOf(`the revocation feed ${feedUrl}`),
  });
}

function onOutage(setting: string, value: OnOutage = 'refuse'): OnOutage {
  return oneOf(setting, value, ['refuse', 'accept']);
}

type FeedClient = NonNullable<RevocationFeedOptions['client']>;

function feedClient(value: FeedClient): FeedClient {
  if (typeof value === 'object' && value !== null && 'assertionFile' in value) return feedWorkload(value);
  if (typeof value !== 'object' || value === null || !('privateKey' in value))
    return client('revocationFeed.client', value);
  const { clientId, privateKey } = value;
  if (clientId && isPrivateKey(privateKey)) return { clientId, privateKey };
  const accepted = `{ clientId, privateKey }, a private JWK with alg one of ${SIGNING_ALGORITHMS.join(', ')}`;
  throw new ConfigurationError('revocationFeed.client', Object.keys(value), accepted);
}

function feedWorkload(value: ClientWorkload): ClientWorkload {
  const { clientId, assertionFile, ...others } = value;
  const accepted = '{ clientId, assertionFile }, a file that holds a JWT';
  if (!clientId || Object.keys(others).length > 0) {
    throw new ConfigurationError('revocationFeed.client', Object.keys(value), accepted);
  }
  try {
    readAssertion(assertionFile);
  } catch {
    throw new ConfigurationError(
      'revocationFeed.client.assertionFile',
      assertionFile,
      'the path of a file that holds a JWT',
    );
  }
  return { clientId, assertionFile };
}

function isPrivateKey(key: ClientKey['privateKey']): boolean {
  if (!(SIGNING_ALGORITHMS as readonly unknown[]).includes(key?.alg)) return false;
  try {
    return createPrivateKey({ key: key, format: 'jwk' }).type === 'private';
  } catch {
    return false;
  }
}

function client(setting: string, value: Partial<ClientCredentials> | undefined): ClientCredentials {
  const { clientId, clientSecret } = value ?? {};
  if (clientId && clientSecret) return { clientId, clientSecret };
  // what was given may hold the secret
  throw new ConfigurationError(setting, value ? Object.keys(value) : undefined, '{ clientId, clientSecret }');
}
