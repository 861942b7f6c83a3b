import {
  ACCESS_TOKEN_PROFILES,
  LocalIssuerKeys,
  RemoteIssuerKeys,
  SIGNING_ALGORITHMS,
  type AccessTokenProfile,
  type SigningAlgorithm,
  type TrustedIssuer,
} from '@onbehalf/jwt-verification';
import { ConfigurationError, fetchedUrl, httpUrl, onlyKnown } from '@onbehalf/oauth-protocol';
import type { Outages } from '../verification/outages.js';
import { rolePaths } from '../requirements/roles.js';
import { completeProfile } from './complete-profile.js';
import {
  DEFAULT_ALGORITHMS,
  type AcceptsToken,
  type IssuerOptions,
  type ResourceServerOptions,
} from './resource-server-options.js';

/** The options that describe one issuer. */
const ISSUER_OPTIONS = Object.keys({
  issuer: true,
  jwksUri: true,
  jwks: true,
  algorithms: true,
  profile: true,
  roles: true,
  accepts: true,
} satisfies Record<keyof IssuerOptions, true>) as (keyof IssuerOptions)[];

/** The issuers of the options, of which there is one at least and none twice. */
export function trustedIssuers(options: ResourceServerOptions, outages: Outages): readonly TrustedIssuer[] {
  const issuers = options.issuers === undefined ? [singleIssuer(options, outages)] : severalIssuers(options, outages);
  const names = issuers.map(({ issuer }) => issuer);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw new ConfigurationError('issuers', repeated, 'each issuer once');
  return issuers;
}

/** The issuers whose tokens are accepted for some requests only. */
export function acceptance(options: ResourceServerOptions): ReadonlyMap<string, AcceptsToken> {
  const entries = (options.issuers ?? [options]) as readonly IssuerOptions[];
  const conditions = entries.flatMap(({ issuer, accepts }) =>
    accepts === undefined ? [] : [[issuer, accepts] as const],
  );
  const mistake = conditions.find(([, accepts]) => typeof accepts !== 'function');
  if (mistake) throw new ConfigurationError('accepts', typeof mistake[1], 'a function of the token and the request');
  return new Map(conditions);
}

function singleIssuer(options: ResourceServerOptions, outages: Outages): TrustedIssuer {
  if (options.issuer === undefined) {
    throw new ConfigurationError('issuer', undefined, 'the URL of the authorization server, or issuers instead of it');
  }
  return trustedIssuer(options as IssuerOptions, '', options.allowInsecureHttp, outages);
}

function severalIssuers(options: ResourceServerOptions, outages: Outages): readonly TrustedIssuer[] {
  // said of one issuer, these would be lost for several
  const single = ISSUER_OPTIONS.find((name) => options[name] !== undefined);
  if (single) throw new ConfigurationError(single, 'beside issuers', `${single} inside each entry of issuers`);
  const { issuers } = options;
  if (!Array.isArray(issuers) || issuers.length === 0) {
    throw new ConfigurationError('issuers', issuers, 'a list of one issuer or more');
  }
  return (issuers as readonly (IssuerOptions | TrustedIssuer)[]).map((entry, index) =>
    isTrustedIssuer(entry)
      ? checked(entry, index)
      : trustedIssuer(known(entry, index), `issuers[${index}].`, options.allowInsecureHttp, outages),
  );
}

function isTrustedIssuer(entry: IssuerOptions | TrustedIssuer): entry is TrustedIssuer {
  return 'keys' in entry;
}

function checked(issuer: TrustedIssuer, index: number): TrustedIssuer {
  algorithms(`issuers[${index}].algorithms`, issuer.algorithms);
  if (issuer.profile) completeProfile(`issuers[${index}].profile`, issuer.profile);
  return issuer;
}

function known(entry: IssuerOptions, index: number): IssuerOptions {
  onlyKnown(`issuers[${index}].`, entry, ISSUER_OPTIONS);
  return entry;
}

function trustedIssuer(
  options: IssuerOptions,
  prefix: string,
  allowInsecureHttp: boolean | undefined,
  outages: Outages,
): TrustedIssuer {
  const issuer = issuerUrl(`${prefix}issuer`, options.issuer);
  if (options.jwksUri !== undefined && options.jwks !== undefined) {
    throw new ConfigurationError(`${prefix}jwks`, 'beside jwksUri', 'one of jwks and jwksUri');
  }
  return {
    issuer,
    keys: keys(issuer, options, prefix, allowInsecureHttp, outages),
    algorithms: algorithms(`${prefix}algorithms`, options.algorithms ?? DEFAULT_ALGORITHMS),
    profile: {
      ...profile(`${prefix}profile`, options.profile),
      ...(options.roles !== undefined && { roles: rolePaths(`${prefix}roles`, options.roles) }),
    },
  };
}

// RFC 8414 §2: an issuer identifier is a URL with no query or fragment components
function issuerUrl(setting: string, value: unknown): string {
  const issuer = httpUrl(setting, value);
  if (/[?#]/.test(issuer)) throw new ConfigurationError(setting, issuer, 'a URL without query and fragment');
  return issuer;
}

function keys(
  issuer: string,
  { jwks, jwksUri }: IssuerOptions,
  prefix: string,
  allowInsecureHttp: boolean | undefined,
  outages: Outages,
): TrustedIssuer['keys'] {
  if (jwks === undefined) {
    const [setting, url] = jwksUri === undefined ? ['issuer', issuer] : ['jwksUri', jwksUri];
    // whoever can change the keys on their way can sign any token
    fetchedUrl(prefix + setting, url, allowInsecureHttp);
    return new RemoteIssuerKeys({ issuer, jwksUri, onFetched: outages.reportOf(`the keys of ${issuer}`) });
  }
  const isSecret = (key: { kty?: string; d?: string }): boolean => key.kty === 'oct' || key.d !== undefined;
  if (!Array.isArray(jwks.keys) || jwks.keys.length === 0 || jwks.keys.some(isSecret)) {
    // the value may hold a secret, so it is not shown
    throw new ConfigurationError(`${prefix}jwks`, 'not such a set', 'a JWK Set of one public key or more');
  }
  return new LocalIssuerKeys(jwks);
}

/** Asymmetric algorithms only: with a shared secret, whoever verifies could also issue. */
export function algorithms(setting: string, value: unknown): readonly SigningAlgorithm[] {
  const isKnown = (name: unknown): boolean => (SIGNING_ALGORITHMS as readonly unknown[]).includes(name);
  if (Array.isArray(value) && value.length > 0 && value.every(isKnown)) return value as readonly SigningAlgorithm[];
  throw new ConfigurationError(setting, value, `a list of ${SIGNING_ALGORITHMS.join(', ')}`);
}

function profile(setting: string, value: IssuerOptions['profile'] = 'rfc9068'): AccessTokenProfile {
  if (typeof value === 'object') return completeProfile(setting, value);
  if (Object.hasOwn(ACCESS_TOKEN_PROFILES, value)) return ACCESS_TOKEN_PROFILES[value];
  throw new ConfigurationError(setting, value, `${Object.keys(ACCESS_TOKEN_PROFILES).join(', ')}, or a profile object`);
}
