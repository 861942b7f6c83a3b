import type { OtherDomain } from '../across/other-domain.js';
import type { ObtainedToken } from '../cache/exchange-cache.js';
import { ExchangeRefused, ExchangeUnavailable, NoSubjectToken } from '../tokens/exchange-errors.js';
import { toTarget } from '../exchange/to-token-request.js';
import type { TokenTarget } from '../tokens/token-request.js';
import { currentSubjectToken } from '../subject-token.js';
import type { ActorToken, TokenSource } from '../token-source.js';
import type { ActorSource, DownstreamDefinition } from './downstream-definition.js';

/** How often a path may have been encoded on the way to the server that takes it literally. */
const MAX_ENCODINGS = 3;

/** Whose call it is: the current user's, with this service acting, or this service's own. */
export type CallMode = 'user' | 'service';

/** The credentials of one call. */
export interface Authorization {
  readonly headers: Readonly<Record<string, string>>;
  readonly obtained: ObtainedToken;
}

/** What is said of the calls beside the definition. */
export interface CallsOptions {
  /** Default: `user`. */
  readonly mode?: CallMode;
  /** Where the service is, when that is another domain. */
  readonly domain?: OtherDomain | undefined;
}

/** Gives calls to one downstream service their token. */
export class DownstreamAuthorizer {
  readonly definition: DownstreamDefinition;
  readonly mode: CallMode;
  readonly #source: TokenSource;
  readonly #domain: OtherDomain | undefined;
  readonly #target: TokenTarget;
  readonly #base: URL | undefined;

  constructor(source: TokenSource, definition: DownstreamDefinition, { mode = 'user', domain }: CallsOptions = {}) {
    this.#source = source;
    this.definition = definition;
    this.mode = mode;
    this.#domain = domain;
    this.#target = domain ? domain.targets[mode] : targetOf(definition, mode);
    this.#base = definition.baseUrl === undefined ? undefined : baseOf(definition.baseUrl);
  }

  /** The same service, called by this service for itself. */
  asService(): DownstreamAuthorizer {
    return new DownstreamAuthorizer(this.#source, this.definition, { mode: 'service', domain: this.#domain });
  }

  /**
   * The address of a path below the base address.
   * @throws TypeError when it would leave the base address, and take the token along
   */
  resolve(path: string): URL {
    if (!this.#base) throw new TypeError(`TokenExchangeModule: ${this.definition.name} has no baseUrl`);
    const { origin, pathname } = this.#base;
    const absolute = /^[a-z][a-z0-9+.-]*:/i.test(path);
    const url = absolute ? new URL(path) : new URL(path.replace(/^\/(?![/\\])/, ''), this.#base);
    if (climbs(url.pathname))
      throw new TypeError(`TokenExchangeModule: the path is outside of ${this.definition.name}'s base address`);
    // has no credentials, port and path as they are configured: the common case
    if (url.href.startsWith(this.#base.href)) return url;
    const below = url.pathname.startsWith(pathname) || `${url.pathname}/` === pathname;
    if (url.origin !== origin || !below || url.username || url.password) {
      throw new TypeError(`TokenExchangeModule: the path is outside of ${this.definition.name}'s base address`);
    }
    return url;
  }

  /** @throws NoSubjectToken, ExchangeRefused, ExchangeUnavailable */
  async authorize(method: string, url: URL, signal?: AbortSignal): Promise<Authorization> {
    const obtained = await this.obtain(signal);
    return { obtained, headers: await this.#headers(obtained, method, url) };
  }

  /** @throws NoSubjectToken, ExchangeRefused, ExchangeUnavailable */
  async obtain(signal?: AbortSignal): Promise<ObtainedToken> {
    try {
      return await this.#obtain(signal);
    } catch (error) {
      throw error instanceof ExchangeRefused ? new ExchangeRefused({ ...error, service: this.definition.name }) : error;
    }
  }

  async #obtain(signal?: AbortSignal): Promise<ObtainedToken> {
    if (this.mode === 'service') return this.#source.issue(this.#target, { domain: this.#domain, signal });
    const subject = currentSubjectToken();
    if (subject === undefined) throw new NoSubjectToken();
    const { actor } = this.definition;
    const by = { actor: actor && (await this.#actor(actor, signal)), domain: this.#domain, signal };
    return this.#source.exchange(this.#target, subject, by);
  }

  /** Drops the token of a call that was refused with 401. */
  refused({ obtained }: Authorization): Promise<void> {
    return this.#source.evict(obtained);
  }

  /** Whether a 401 may be due to a nonce that the next proof will hold. RFC 9449 §9. */
  learnNonce(url: URL, nonce: string | undefined): boolean {
    if (!this.#source.dpop || !nonce) return false;
    this.#source.dpop.remember(url.href, nonce);
    return true;
  }

  async #headers({ token }: ObtainedToken, method: string, url: URL): Promise<Record<string, string>> {
    switch (token.tokenType) {
      case 'Bearer':
        return { authorization: `Bearer ${token.token}` };
      // RFC 9449 §7.1
      case 'DPoP': {
        const proof = await this.#source.dpop?.prove(method, url.href, token.token);
        return { authorization: `DPoP ${token.token}`, ...(proof && { dpop: proof }) };
      }
      // RFC 8693 §2.2.1: not an access token
      case 'N_A':
        throw new ExchangeUnavailable('malformed', 'The exchanged token is no access token');
    }
  }

  async #actor(actor: ActorSource, signal?: AbortSignal): Promise<ActorToken> {
    if (actor !== 'service' && 'token' in actor) return { token: await actor.token(), type: actor.type };
    const { token } = await this.#source.forService({ ...(actor !== 'service' && actor), signal });
    return { token: token.token };
  }
}

function targetOf({ requestedTokenType, ...own }: DownstreamDefinition, mode: CallMode): TokenTarget {
  return toTarget(mode === 'user' ? { ...own, requestedTokenType } : own);
}

function baseOf(baseUrl: string): URL {
  const base = new URL(baseUrl);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}

// what servers may make of it: an encoded separator is one to some of them, and so is what stands behind a semicolon
function climbs(pathname: string): boolean {
  if (!/[%;\\]/.test(pathname)) return false;
  let plain = pathname;
  for (let round = 0; round < MAX_ENCODINGS; round += 1)
    plain = plain.replace(/%(25|2e|2f|5c|3b)/gi, decodeURIComponent);
  return plain.split(/[/\\]/).some((segment) => /^\.\.?(?:;|$)/.test(segment));
}
