/**
 * What one request needs of the parts of oidc-provider that its semantic versioning does not cover. What it needs of them once, at the
 * start, is in the file beside.
 */
import type { X509Certificate } from 'node:crypto';
import type { AsyncLocalStorage } from 'node:async_hooks';
import { IncomingMessage, type ServerResponse } from 'node:http';
import { thumbprintOfCertificate } from '@onbehalf/jwt-verification';
import {
  errors,
  type Client,
  type KoaContextWithOIDC,
  type default as Provider,
  type TokenEndpointGrantContext,
} from 'oidc-provider';
import { checkDpopReplay, checkDpopRequired, validateDpop } from 'oidc-provider/lib/helpers/grants.js';
// @ts-expect-error it has no types
import revoke from 'oidc-provider/lib/helpers/revoke.js';
// @ts-expect-error it has no types
import clientAuthentication from 'oidc-provider/lib/shared/client_auth.js';
// @ts-expect-error it has no types
import { confirm } from 'oidc-provider/lib/actions/end_session.js';
// @ts-expect-error it has no types
import contexts from 'oidc-provider/lib/helpers/als.js';

/** The parameters of a request that its endpoint knows; the absent ones are `undefined`. */
export type Parameters = Record<string, string | string[] | undefined>;

/** The keys that the caller has proven to hold. RFC 9449 §4, RFC 8705 §3. */
export interface ProofOfPossession {
  readonly jkt?: string;
  readonly 'x5t#S256'?: string;
}

/** Ends a grant, with the codes and refresh tokens that it gave, and tells the provider's listeners. */
export const revokeGrant = revoke as (ctx: KoaContextWithOIDC, grantId: string | undefined) => Promise<void>;

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
  const oidc = new provider.OIDCContext(ctx);
  return Object.assign(ctx, { oidc: Object.assign(oidc, { params: parameters }) });
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

/** Whether the provider has dispatched the request to one of its routes, and which. */
export function routeOf(ctx: KoaContextWithOIDC): string | undefined {
  return (ctx as Partial<KoaContextWithOIDC>).oidc?.route;
}

/** The request that the provider answers at this moment. */
export function currentRequest(): KoaContextWithOIDC | undefined {
  return (contexts as AsyncLocalStorage<KoaContextWithOIDC>).getStore();
}
