/**
 * What is changed once in the parts of oidc-provider that its semantic versioning does not cover. An upgrade breaks in this folder or
 * nowhere; the specification beside this file is the contract.
 */
import type { AdapterConstructor, AdapterPayload, default as Provider, KoaContextWithOIDC } from 'oidc-provider';
// @ts-expect-error it has no types
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js';
// @ts-expect-error it has no types
import internals from 'oidc-provider/lib/helpers/weak_cache.js';
import type { ReplayDetection } from '@onbehalf/authorization-ports';
import { currentRequest, routeOf, type Parameters } from './request-seam.js';

export type IdToken = InstanceType<Provider['IdToken']>;

// DPoP proofs may carry an `iat` this far in the future and are accepted as long after it
const PROOF_WINDOW = 300;

/** Replaces the provider's find-then-save by a single atomic use, with a key that cannot be ambiguous. */
export function replaceReplayDetection(provider: Provider, replay: ReplayDetection): void {
  const model = provider.ReplayDetection as unknown as {
    unique(iss: string, jti: string, exp: number): Promise<boolean>;
  };
  model.unique = (iss, jti, exp) => replay.use(JSON.stringify([iss, jti]), exp + PROOF_WINDOW);
}

/** Lets hashes of secrets decide, so that the provider needs none to compare with. It waits for the answer. */
export function replaceSecretComparison(
  provider: Provider,
  accepts: (clientId: string, secret: string) => boolean | Promise<boolean>,
): void {
  provider.Client.prototype.compareClientSecret = function (this: { clientId: string }, given: string) {
    return accepts(this.clientId, given);
  };
}

/** Where the provider keeps its records when nothing else is given: in memory, with its own clock tolerance. */
export const memoryAdapter = (createMemoryAdapter as (clockTolerance: number) => AdapterConstructor)(15);

/** Answers a token request, or throws what it is refused with. */
export type GrantHandler = (ctx: KoaContextWithOIDC) => Promise<void>;

/** Puts a handler around that of one of the provider's own grants. */
export function wrapGrantHandler(
  provider: Provider,
  grantType: string,
  wrap: (handle: GrantHandler) => GrantHandler,
): void {
  const { grantTypeHandlers } = (internals as (provider: Provider) => { grantTypeHandlers: Map<string, GrantHandler> })(
    provider,
  );
  const handle = grantTypeHandlers.get(grantType);
  if (handle) grantTypeHandlers.set(grantType, wrap(handle));
}

/** Has each ID token wait for `prepare`, which may set claims of it. */
export function prepareIdTokens(provider: Provider, prepare: (token: IdToken) => Promise<void>): void {
  const { prototype } = provider.IdToken;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own token below
  const { issue } = prototype;
  prototype.issue = async function (this: IdToken, given): Promise<string> {
    if (given.use === 'idtoken') await prepare(this);
    return issue.call(this, given);
  };
}

/** Has `change` see the parameters of every request before the provider does. */
export function changeParameters(provider: Provider, change: (parameters: Parameters) => void): void {
  const read = Symbol('parameters');
  Object.defineProperty(provider.OIDCContext.prototype, 'params', {
    get(this: { readonly [read]?: Parameters }) {
      return this[read];
    },
    set(this: { [read]?: Parameters }, parameters: Parameters) {
      change(parameters);
      this[read] = parameters;
    },
  });
}

/**
 * Leaves it to `assertJwtClientAuthClaimsAndHeader` whom a client assertion is for: what it says is known to be the client's by then.
 */
export function acceptAnyAssertionAudience(provider: Provider): void {
  provider.OIDCContext.prototype.clientJwtAuthExpectedAudience = () => ({ has: () => true }) as unknown as Set<string>;
}

/**
 * Has the provider take a grant for one of its own in the metadata and in registrations, though it is answered before it.
 */
export function announceGrant(provider: Provider, grantType: string): void {
  provider.registerGrantType(grantType, () => Promise.reject(new TypeError(`${grantType} is answered before`)), []);
}

/**
 * Has /userinfo accept access tokens that the provider does not keep, since they are for a resource: those that `find` knows. All
 * else that the endpoint asks for stays (OpenID Connect Core §5.3, RFC 9449 §7, RFC 8705 §3).
 */
export function acceptAtUserinfo(
  provider: Provider,
  find: (value: string) => Promise<AdapterPayload | undefined>,
): void {
  const model = provider.AccessToken as unknown as {
    find(value: string, options?: object): Promise<unknown>;
    instantiate(payload: AdapterPayload): unknown;
  };
  const kept = model.find.bind(model);
  model.find = async (value, options) => {
    const ctx = currentRequest();
    const payload = ctx && routeOf(ctx) === 'userinfo' ? await find(value) : undefined;
    return payload ? model.instantiate(payload) : kept(value, options);
  };
}

/** Has every code, and the tokens from it, tell the session that it was given in. OpenID Connect Front-Channel Logout §3, sid */
export function nameSessions(provider: Provider): void {
  (provider.Client.prototype as unknown as { includeSid(): boolean }).includeSid = () => true;
}
