import { ConfigurationError, fetchedUrl, noneUnset, onlyKnown } from '@onbehalf/oauth-protocol';
import type { Across } from '../across/across.js';
import { checkAcross, type OwnServer } from '../across/check-across.js';
import { checkNumber, requireText } from '../options/accepted-values.js';
import type { TargetParameters } from '../exchange-parameters.js';
import type { OneOrMore } from '../tokens/token-request.js';

/** Bytes that are read of an answer, unless the definition says otherwise. */
export const DEFAULT_MAX_ANSWER = 10 * 1024 * 1024;

/** Who is named as the actor, where the server wants an `actor_token` (RFC 8693 §2.1). */
export type ActorSource =
  /** This service: its own client credentials token. */
  | 'service'
  /** This service: its own client credentials token for this, where the server wants one that is good for acting alone. */
  | Pick<TargetParameters, 'audience' | 'resource' | 'scope'>
  | {
      /** Another actor: makes its token, when an exchange wants one. */
      readonly token: () => string | Promise<string>;
      readonly type?: string;
    };

/** A service that is called on behalf of users. */
export interface DownstreamDefinition {
  /** The name for `@InjectDownstream(name)`. */
  readonly name: string;
  /** Every path is below this address; tokens are sent nowhere else. Absent for a service that gets messages only. */
  readonly baseUrl?: string | undefined;
  readonly audience?: OneOrMore;
  readonly resource?: OneOrMore;
  /** Space-separated or a list. */
  readonly scope?: OneOrMore;
  /** Always a token for the own server, also where the service is in another domain. */
  readonly actor?: ActorSource;
  readonly requestedTokenType?: string;
  /** Further parameters of the exchange, of one server. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** The service is in another domain, whose authorization server gives the token. Then audience, resource and scope stand there. */
  readonly across?: Across;
  /** Milliseconds that a call may take, its exchange not counted. Default 10,000. */
  readonly timeout?: number;
  /** The longest answer that is read. Bytes, default 10 MB. */
  readonly maxAnswerBytes?: number;
}

const MEMBERS = {
  name: true,
  baseUrl: true,
  audience: true,
  resource: true,
  scope: true,
  actor: true,
  requestedTokenType: true,
  parameters: true,
  across: true,
  timeout: true,
  maxAnswerBytes: true,
} satisfies Record<keyof DownstreamDefinition, true>;

/** What is said of the exchange at the own server, and of one that goes on in another domain by `across`. */
const OF_OWN_DOMAIN = ['audience', 'resource', 'scope', 'requestedTokenType', 'parameters'] as const;

/** @throws ConfigurationError at the first mistake */
export function validateDownstream(definition: DownstreamDefinition, own: OwnServer): void {
  const { allowInsecureHttp } = own;
  requireText('TokenExchangeModule.forFeature.name', definition.name, 'the name for @InjectDownstream');
  const setting = (member: string): string => `TokenExchangeModule.forFeature[${definition.name}].${member}`;
  onlyKnown(setting(''), definition, Object.keys(MEMBERS));
  // an environment variable that is not set must not make a service without an address of it
  if ('baseUrl' in definition && definition.baseUrl === undefined) {
    const accepted = 'the address of the service; leave it out for one that gets messages only';
    throw new ConfigurationError(setting('baseUrl'), undefined, accepted);
  }
  // nor must it ask for a token that is good for more, or at the wrong domain
  noneUnset(setting(''), definition, ['across', 'actor', ...OF_OWN_DOMAIN]);
  if (definition.baseUrl !== undefined) fetchedUrl(setting('baseUrl'), definition.baseUrl, allowInsecureHttp);
  if (definition.baseUrl?.includes('?')) {
    throw new ConfigurationError(setting('baseUrl'), definition.baseUrl, 'an address without a query');
  }
  for (const member of ['audience', 'resource', 'scope', 'requestedTokenType'] as const) {
    const values = [definition[member] ?? []].flat();
    if (values.some((value) => typeof value !== 'string' || value.trim() === '')) {
      throw new ConfigurationError(setting(member), definition[member], 'one value or several; leave it out for none');
    }
  }
  const mistyped = Object.entries(definition.parameters ?? {}).find(([, value]) => typeof value !== 'string');
  if (mistyped) throw new ConfigurationError(setting(`parameters.${mistyped[0]}`), mistyped[1], 'a string');
  if (definition.across !== undefined) {
    const beside = OF_OWN_DOMAIN.find((member) => definition[member] !== undefined);
    if (beside)
      throw new ConfigurationError(setting(beside), 'given', 'nothing beside across; it has members of its own');
    checkAcross(setting('across'), definition.across, own);
  }
  checkNumber(setting('timeout'), definition.timeout, 1, 600_000);
  checkNumber(setting('maxAnswerBytes'), definition.maxAnswerBytes, 1, 2 ** 31);
}
