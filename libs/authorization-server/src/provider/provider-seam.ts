/**
 * Everything that touches parts of oidc-provider which its semantic versioning does not cover. An upgrade breaks here or
 * nowhere; the specification beside this file is the contract.
 */
import type { Client, default as Provider, TokenEndpointGrantContext } from 'oidc-provider';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { checkDpopReplay, checkDpopRequired, validateDpop } from 'oidc-provider/lib/helpers/grants.js';
// @ts-expect-error it has no types
import clientAuthentication from 'oidc-provider/lib/shared/client_auth.js';
// @ts-expect-error it has no types
import errorHandler from 'oidc-provider/lib/shared/error_handler.js';
// @ts-expect-error it has no types
import noCache from 'oidc-provider/lib/shared/no_cache.js';
import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { thumbprintOfCertificate } from '@onbehalf/jwt-verification';

export type IdToken = InstanceType<Provider['IdToken']>;

/** Remembers what may be used once. */
export interface ReplayDetection {
  /**
   * Uses `key`, atomically, also across processes.
   * @param expiresAt seconds since the epoch, when the key may be forgotten
   * @returns whether this was the first use
   */
  use(key: string, expiresAt: number): Promise<boolean>;
}

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

/**
 * Has codes and refresh tokens wait for `check` before they are used up: whoever loses a refresh token to an outage and
 * sends it again would be taken for a thief.
 */
export function checkBeforeUse(provider: Provider, check: () => Promise<void>): void {
  for (const { prototype } of [provider.AuthorizationCode, provider.RefreshToken]) {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own token below
    const { consume } = prototype;
    prototype.consume = async function (this: typeof prototype): Promise<void> {
      await check();
      await consume.call(this);
    };
  }
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

type Step = (ctx: KoaContextWithOIDC, next: () => Promise<void>) => Promise<void>;

const authenticate = clientAuthentication as readonly Step[];
const answerFromTokenEndpoint = [
  (errorHandler as (event: string) => Step)('grant.error'),
  noCache as Step,
  ...authenticate,
] as const;

/**
 * Has the provider authenticate a client outside of its own routes.
 * @param parameters those by which clients authenticate in the body, the absent ones `undefined`
 * @throws OIDCProviderError when it does not authenticate
 */
export async function clientAuthenticationOf(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  parameters: Record<string, unknown>,
): Promise<Client> {
  const ctx = provider.createContext(request, response) as KoaContextWithOIDC;
  // names the endpoint among the audiences of assertions, of which the issuer alone is accepted later
  beginRoute(provider, ctx, 'introspection', parameters);
  await take(authenticate, ctx, () => Promise.resolve());
  return ctx.oidc.client!;
}

/**
 * Answers a request as the provider's token endpoint does, from the authentication of the client on; a refusal becomes its
 * error.
 * @param parameters all that the grant and the authentication know, the absent ones `undefined`
 */
export function answerAtTokenEndpoint(
  provider: Provider,
  ctx: KoaContextWithOIDC,
  parameters: Record<string, unknown>,
  answer: (ctx: TokenEndpointGrantContext) => Promise<void>,
): Promise<void> {
  beginRoute(provider, ctx, 'token', parameters);
  return take(answerFromTokenEndpoint, ctx, () => answer(ctx as TokenEndpointGrantContext));
}

/** What the router does before the steps of a route. */
function beginRoute(provider: Provider, ctx: KoaContextWithOIDC, name: string, params: Record<string, unknown>): void {
  Object.assign(ctx, { _matchedRouteName: name });
  Object.assign(ctx, { oidc: new provider.OIDCContext(ctx) });
  Object.assign(ctx.oidc, { params });
}

async function take(steps: readonly Step[], ctx: KoaContextWithOIDC, last: () => Promise<void>, at = 0): Promise<void> {
  const step = steps[at];
  return step ? step(ctx, () => take(steps, ctx, last, at + 1)) : last();
}

/**
 * The keys that the request at the token endpoint proves to hold.
 * @throws InvalidDpopProof when the proof is wrong, replayed, or missing for a client that is bound to it
 */
export async function proofOfPossession(
  ctx: TokenEndpointGrantContext,
  certificate: X509Certificate | undefined,
): Promise<ProofOfPossession> {
  const { provider } = ctx.oidc;
  const dpop = await validateDpop(provider, ctx);
  await checkDpopReplay(provider, ctx, dpop, ctx.oidc.client.clientId, errors.InvalidDpopProof);
  checkDpopRequired(provider, ctx, dpop, errors.InvalidDpopProof);
  return { jkt: dpop?.thumbprint, 'x5t#S256': certificate && thumbprintOfCertificate(certificate.raw) };
}

/** Whether the provider has dispatched the request to one of its routes, and which. */
export function routeOf(ctx: KoaContextWithOIDC): string | undefined {
  return (ctx as Partial<KoaContextWithOIDC>).oidc?.route;
}
