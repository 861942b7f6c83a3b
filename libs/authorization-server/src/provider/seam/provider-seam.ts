/**
 * Everything that touches parts of oidc-provider which its semantic versioning does not cover. An upgrade breaks here or
 * nowhere; the specification beside this file is the contract.
 */
import type { AdapterPayload, Client, default as Provider, TokenEndpointGrantContext } from 'oidc-provider';
import { errors, type AdapterConstructor, type KoaContextWithOIDC } from 'oidc-provider';
import { checkDpopReplay, checkDpopRequired, validateDpop } from 'oidc-provider/lib/helpers/grants.js';
// @ts-expect-error it has no types
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js';
// @ts-expect-error it has no types
import revoke from 'oidc-provider/lib/helpers/revoke.js';
// @ts-expect-error it has no types
import internals from 'oidc-provider/lib/helpers/weak_cache.js';
// @ts-expect-error it has no types
import clientAuthentication from 'oidc-provider/lib/shared/client_auth.js';
// @ts-expect-error it has no types
import { confirm } from 'oidc-provider/lib/actions/end_session.js';
// @ts-expect-error it has no types
import contexts from 'oidc-provider/lib/helpers/als.js';
import type { X509Certificate } from 'node:crypto';
import type { AsyncLocalStorage } from 'node:async_hooks';
import { IncomingMessage, type ServerResponse } from 'node:http';
import { thumbprintOfCertificate } from '@onbehalf/jwt-verification';
import type { ReplayDetection } from '../../ports/replay-detection.js';

export type IdToken = InstanceType<Provider['IdToken']>;

/** The keys that the caller has proven to hold. RFC 9449 §4, RFC 8705 §3. */
export interface ProofOfPossession {
  readonly jkt?: string;
  readonly 'x5t#S256'?: string;
}

// DPoP proofs may carry an `iat` this far in the future and are accepted as long after it
const PROOF_WINDOW = 300;

/** Replaces the provider's find-then-save by a single atomic use, with a key that cannot be ambiguous. */
export function replaceReplayDetection(provider: Provider, replay: ReplayDetection): void {
  const model = provider.ReplayDetection as unknown as {
    unique(iss: string, jti: string, exp: number): Promise<boolean>;
  };
  model.unique = (iss, jti, exp) => replay.use(JSON.stringify([iss, jti]), exp + PROOF_WINDOW);
}

/** Lets hashes of secrets decide, so that the provider needs none to compare with. */
export function replaceSecretComparison(
  provider: Provider,
  accepts: (clientId: string, secret: string) => boolean,
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

/** Ends a grant, with the codes and refresh tokens that it gave, and tells the provider's listeners. */
export const revokeGrant = revoke as (ctx: KoaContextWithOIDC, grantId: string | undefined) => Promise<void>;

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

/** Has every request name its resources as `spell` does; what it names twice counts once. RFC 8707 §2 */
export function spellResources(provider: Provider, spell: (indicator: string) => string): void {
  const read = new WeakMap<object, object>();
  Object.defineProperty(provider.OIDCContext.prototype, 'params', {
    get(this: object) {
      return read.get(this);
    },
    set(this: object, params: { resource?: string | string[] | undefined }) {
      const { resource } = params;
      if (typeof resource === 'string') params.resource = spell(resource);
      else if (resource !== undefined) params.resource = [...new Set(resource.map(spell))];
      read.set(this, params);
    },
  });
}

/**
 * Leaves it to `assertJwtClientAuthClaimsAndHeader` whom a client assertion is for: what it says is known to be the client's by then.
 */
export function acceptAnyAssertionAudience(provider: Provider): void {
  provider.OIDCContext.prototype.clientJwtAuthExpectedAudience = () => ({ has: () => true }) as unknown as Set<string>;
}

type Step = (ctx: KoaContextWithOIDC, next: () => Promise<void>) => Promise<void>;

const authenticate = clientAuthentication as readonly Step[];

/**
 * A request as one of the provider's routes has it before its first step. The route is one of those that name themselves among
 * the audiences of client assertions, of which the issuer alone is accepted later.
 * @param parameters all that are asked for later, the absent ones `undefined`
 */
export function contextAt(
  route: 'token' | 'introspection',
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  parameters: Record<string, unknown>,
): KoaContextWithOIDC {
  const ctx = provider.createContext(request, response) as KoaContextWithOIDC;
  Object.assign(ctx, { _matchedRouteName: route });
  Object.assign(ctx, { oidc: new provider.OIDCContext(ctx) });
  Object.assign(ctx.oidc, { params: parameters });
  return ctx;
}

/**
 * Has the provider authenticate the client of a request.
 * @throws OIDCProviderError when it does not authenticate; a challenge is then set on the response
 */
export async function clientOf(ctx: KoaContextWithOIDC): Promise<Client> {
  await take(authenticate, ctx, () => Promise.resolve());
  return ctx.oidc.client!;
}

async function take(steps: readonly Step[], ctx: KoaContextWithOIDC, last: () => Promise<void>, at = 0): Promise<void> {
  const step = steps[at];
  return step ? step(ctx, () => take(steps, ctx, last, at + 1)) : last();
}

/**
 * The keys that the request at the token endpoint proves to hold, whose client has authenticated.
 * @throws InvalidDpopProof when the proof is wrong, replayed, or missing for a client that is bound to it
 */
export async function proofOfPossession(
  ctx: KoaContextWithOIDC,
  certificate: X509Certificate | undefined,
): Promise<ProofOfPossession> {
  const authenticated = ctx as TokenEndpointGrantContext;
  const { provider, client } = authenticated.oidc;
  const dpop = await validateDpop(provider, authenticated);
  await checkDpopReplay(provider, authenticated, dpop, client.clientId, errors.InvalidDpopProof);
  checkDpopRequired(provider, authenticated, dpop, errors.InvalidDpopProof);
  return { jkt: dpop?.thumbprint, 'x5t#S256': certificate && thumbprintOfCertificate(certificate.raw) };
}

/** Does `work` as the provider does what belongs to a request: `Provider.ctx` is its context. */
export function within<Result>(ctx: KoaContextWithOIDC, work: () => Promise<Result>): Promise<Result> {
  return (contexts as AsyncLocalStorage<KoaContextWithOIDC>).run(ctx, work);
}

/** The request once more, for the provider to read: with the content that was read of it. */
export function withBody(request: IncomingMessage, body: Buffer): IncomingMessage {
  const { method, url, headers, httpVersion, httpVersionMajor, httpVersionMinor, socket } = request;
  const copy = Object.assign(new IncomingMessage(socket), {
    method,
    url,
    httpVersion,
    httpVersionMajor,
    httpVersionMinor,
  });
  copy.headers = { ...headers, 'content-length': String(body.length) };
  delete copy.headers['transfer-encoding'];
  copy.complete = true;
  copy.push(body);
  copy.push(null);
  return copy;
}

/**
 * Has the provider take a grant for one of its own in the metadata and in registrations, though it is answered before it.
 */
export function announceGrant(provider: Provider, grantType: string): void {
  provider.registerGrantType(grantType, () => Promise.reject(new TypeError(`${grantType} is answered before`)), []);
}

/** A form that the provider answers with, for a script to send: both parts are HTML, escaped. */
export interface SelfSubmittingForm {
  readonly action: string;
  readonly inputs: string;
}

/** The form in an answer of the provider that is to submit itself; `undefined` of any other answer. */
export function selfSubmittingForm({ body }: KoaContextWithOIDC): SelfSubmittingForm | undefined {
  if (typeof body !== 'string') return undefined;
  const [, action, inputs] =
    /<title>Submitting Callback<.*<form method="post" action="([^"]*)">(.*)<noscript>/s.exec(body) ?? [];
  return action === undefined || inputs === undefined ? undefined : { action, inputs: inputs.trim() };
}

/** Ends the session as the confirmed form of the logout does, and redirects to where the logout goes on. */
export async function endSession(ctx: KoaContextWithOIDC): Promise<void> {
  Object.assign(ctx.oidc, { params: { ...ctx.oidc.params, logout: 'yes' } });
  await (confirm as readonly Step[]).at(-1)!(ctx, () => Promise.resolve());
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
    const ctx = (contexts as AsyncLocalStorage<KoaContextWithOIDC>).getStore();
    const payload = ctx && routeOf(ctx) === 'userinfo' ? await find(value) : undefined;
    return payload ? model.instantiate(payload) : kept(value, options);
  };
}

/** Has every code, and the tokens from it, tell the session that it was given in. OpenID Connect Front-Channel Logout §3, sid */
export function nameSessions(provider: Provider): void {
  (provider.Client.prototype as unknown as { includeSid(): boolean }).includeSid = () => true;
}

/** Whether the provider has dispatched the request to one of its routes, and which. */
export function routeOf(ctx: KoaContextWithOIDC): string | undefined {
  return (ctx as Partial<KoaContextWithOIDC>).oidc?.route;
}
