import { ConfigurationError, fetchedUrl, onlyKnown } from '@onbehalf/oauth-protocol';
import { checkNumber, requireText } from '../options/accepted-values.js';
import type { OneOrMore } from '../tokens/token-request.js';

/** Who is named as the actor, where the server wants an `actor_token` (RFC 8693 §2.1). */
export type ActorSource =
  /** This service: its own client credentials token. */
  'service' | { readonly token: () => string | Promise<string>; readonly type?: string };

/** A service that is called on behalf of users. */
export interface DownstreamDefinition {
  /** The name for `@InjectDownstream(name)`. */
  readonly name: string;
  /** Every path is below this address; tokens are sent nowhere else. Absent for a service that gets messages only. */
  readonly baseUrl?: string;
  readonly audience?: OneOrMore;
  readonly resource?: OneOrMore;
  /** Space-separated or a list. */
  readonly scope?: OneOrMore;
  readonly actor?: ActorSource;
  readonly requestedTokenType?: string;
  /** Further parameters of the exchange, of one server. */
  readonly parameters?: Readonly<Record<string, string>>;
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
  timeout: true,
  maxAnswerBytes: true,
} satisfies Record<keyof DownstreamDefinition, true>;

/** @throws ConfigurationError at the first mistake */
export function validateDownstream(definition: DownstreamDefinition, allowInsecureHttp?: boolean): void {
  requireText('tokenExchange.forFeature.name', definition.name, 'the name for @InjectDownstream');
  const setting = (member: string): string => `tokenExchange.forFeature[${definition.name}].${member}`;
  onlyKnown(setting(''), definition, Object.keys(MEMBERS));
  // an environment variable that is not set must not make a service without an address of it
  if ('baseUrl' in definition && definition.baseUrl === undefined) {
    const accepted = 'the address of the service; leave it out for one that gets messages only';
    throw new ConfigurationError(setting('baseUrl'), undefined, accepted);
  }
  if (definition.baseUrl !== undefined) fetchedUrl(setting('baseUrl'), definition.baseUrl, allowInsecureHttp);
  if (definition.baseUrl?.includes('?')) {
    throw new ConfigurationError(setting('baseUrl'), definition.baseUrl, 'an address without a query');
  }
  for (const member of ['audience', 'resource', 'scope'] as const) {
    const values = [definition[member] ?? []].flat();
    if (values.some((value) => typeof value !== 'string' || value.trim() === '')) {
      throw new ConfigurationError(setting(member), definition[member], 'one value or several; leave it out for none');
    }
  }
  checkNumber(setting('timeout'), definition.timeout, 1, 600_000);
  checkNumber(setting('maxAnswerBytes'), definition.maxAnswerBytes, 1, 2 ** 31);
}
