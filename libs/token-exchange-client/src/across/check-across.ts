import { ConfigurationError, fetchedUrl, isResourceIndicator, onlyKnown } from '@onbehalf/oauth-protocol';
import { checkClientAuthentication } from '../options/check-client-authentication.js';
import { asSet } from '../tokens/token-request.js';
import { GRANT_TYPES_OF, type Across } from './across.js';

const MEMBERS = {
  kind: true,
  audience: true,
  resource: true,
  scope: true,
  clientAuthentication: true,
  tokenEndpoint: true,
} satisfies Record<keyof Across, true>;

/** What the own server is like. */
export interface OwnServer {
  readonly issuer?: string | undefined;
  readonly allowInsecureHttp?: boolean | undefined;
}

/**
 * Checks the way into another domain.
 * @param setting what stands before a member's name, such as `TokenExchangeModule.forFeature[orders].across`
 * @throws ConfigurationError at the first mistake
 */
export function checkAcross(setting: string, across: Across, { issuer, allowInsecureHttp }: OwnServer): void {
  if (typeof across !== 'object' || across === null) {
    throw new ConfigurationError(setting, across, `an object of ${Object.keys(MEMBERS).join(', ')}`);
  }
  onlyKnown(`${setting}.`, across, Object.keys(MEMBERS));
  const { kind, audience, resource, scope, clientAuthentication, tokenEndpoint } = across;
  const refuse = (member: keyof Across, value: unknown, accepted: string): never => {
    throw new ConfigurationError(`${setting}.${member}`, value, accepted);
  };
  if (!Object.hasOwn(GRANT_TYPES_OF, kind ?? '')) refuse('kind', kind, Object.keys(GRANT_TYPES_OF).join(' or '));
  const server = "the issuer identifier of the other domain's authorization server";
  if (audience === undefined) refuse('audience', audience, server);
  fetchedUrl(`${setting}.audience`, audience, allowInsecureHttp);
  if (withoutSlash(audience) === withoutSlash(issuer ?? ''))
    refuse('audience', audience, `${server}, not of the own one`);
  if (tokenEndpoint !== undefined) fetchedUrl(`${setting}.tokenEndpoint`, tokenEndpoint, allowInsecureHttp);
  const unfit = asSet(resource).find((uri) => typeof uri !== 'string' || !isResourceIndicator(uri));
  if (unfit !== undefined) refuse('resource', unfit, 'an absolute URI without a fragment (RFC 8707 section 2)');
  if (kind === 'id-jag' && asSet(resource).length === 0) {
    refuse('resource', resource, 'the service, as the other domain names it: an ID-JAG is issued for it');
  }
  if ([scope ?? []].flat().some((value) => typeof value !== 'string' || value.trim() === '')) {
    refuse('scope', scope, 'one value or several; leave it out for none');
  }
  checkClientAuthentication(clientAuthentication, audience, `${setting}.clientAuthentication`);
  if (clientAuthentication.method === 'none') {
    refuse('clientAuthentication', 'none', 'a method that proves who redeems a grant');
  }
}

function withoutSlash(url: string): string {
  return url.replace(/\/$/, '');
}
