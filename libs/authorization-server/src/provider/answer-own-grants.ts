import type { IncomingMessage } from 'node:http';
import { isScope } from '@onbehalf/oauth-protocol';
import { errors, type KoaContextWithOIDC, type default as Provider } from 'oidc-provider';
import { answerJson } from '../protocol/answer-json.js';
import { AUTHENTICATION_PARAMETERS } from './authenticate-client.js';
import type { Grant, GrantContext } from './grant.js';
import type { Handle } from './live-provider.js';
import { readPlainForm } from './plain-form.js';
import { ROUTES } from '../protocol/routes.js';
import { clientOf, contextAt, refuseAtTokenEndpoint } from './provider-seam.js';
import { handleGrant } from './register-grant.js';

type Parameters = Record<string, string | string[] | undefined>;

/** A request for one of the grants, whose parameters leave nothing to be judged but what they say. */
interface PlainRequest {
  readonly grant: Grant;
  readonly form: URLSearchParams;
  readonly parameters: Parameters;
}

/** More parameters than any request needs. */
const MAX_PARAMETERS = 40;

/** What the provider has yet to answer with an error, and why. */
const refused = new WeakMap<IncomingMessage, { readonly began: KoaContextWithOIDC; readonly error: unknown }>();

/**
 * Answers the grants of this library before the provider's stack of middleware and those steps of its token endpoint that
 * read and sort parameters, which cost more than what a grant does. The provider authenticates the client, and answers whatever
 * is refused: {@link answerRefused} has to be the last of its middleware.
 *
 * Only what is written plainly is answered here: a body that is no form, a parameter that is repeated, a request without
 * authentication or from a page of another origin reach the provider as they came, and get its answer.
 */
export function answerOwnGrants(provider: Provider, grants: readonly Grant[]): Handle {
  const handle = provider.callback();
  const absent = new Map(grants.map((grant) => [grant.grantType, { grant, parameters: absentParameters(grant) }]));
  const plainRequest = (request: IncomingMessage): Promise<PlainRequest | undefined> =>
    readPlainForm(request, (form) => {
      const known = absent.get(form.get('grant_type') ?? '');
      const parameters = known && readParameters(form, known.parameters, known.grant.repeatable);
      return parameters && authenticates(request, parameters) ? { grant: known.grant, form, parameters } : undefined;
    });
  return async (request, response) => {
    const plain = isForTokenEndpoint(request) ? await plainRequest(request) : undefined;
    // whoever has left before the body was there asked for nothing
    if (!plain) return request.destroyed ? undefined : handle(request, response);
    const began = contextAt('token', provider, request, response, plain.parameters);
    try {
      answerJson(response, 200, await answer(began, plain));
    } catch (error) {
      refused.set(request, { began, error });
      await handle(request, response);
    }
  };
}

/** Middleware of the provider that answers what was refused before it reached the provider. */
export async function answerRefused(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  const refusal = refused.get(ctx.req);
  if (!refusal) return next();
  await refuseAtTokenEndpoint(ctx, refusal.began, refusal.error);
}

function isForTokenEndpoint({ method, url, headers }: IncomingMessage): boolean {
  return method === 'POST' && url === ROUTES.token && headers.origin === undefined;
}

async function answer(ctx: KoaContextWithOIDC, { grant, form }: PlainRequest): Promise<object> {
  const client = await clientOf(ctx);
  if (!client.grantTypeAllowed(grant.grantType)) {
    throw new errors.InvalidRequest('requested grant type is not allowed for this client');
  }
  return handleGrant(grant, ctx as GrantContext, form);
}

/** Every parameter that the grant or the authentication of its client reads. */
function absentParameters({ parameters }: Grant): Parameters {
  return Object.fromEntries(
    ['grant_type', ...AUTHENTICATION_PARAMETERS, ...parameters].map((name) => [name, undefined]),
  );
}

/** RFC 6749 §3.2; `undefined` when one is repeated that may not be, or is there that only the provider understands. */
function readParameters(
  form: URLSearchParams,
  absent: Parameters,
  repeatable: readonly string[],
): Parameters | undefined {
  if (form.size > MAX_PARAMETERS || form.has('authorization_details') || hasMalformedScope(form)) return undefined;
  const found = { ...absent };
  let repeated = false;
  form.forEach((value, name) => {
    if (!Object.hasOwn(found, name)) return;
    const before = found[name];
    if (before === undefined) found[name] = value;
    else if (repeatable.includes(name)) found[name] = [before, value].flat();
    else repeated = true;
  });
  if (repeated) return undefined;
  // without a value they count as omitted; in the form the grant sees to it
  for (const [name, value] of Object.entries(found)) {
    if (value === '') found[name] = undefined;
    else if (Array.isArray(value)) found[name] = value.filter((each) => each !== '');
  }
  return found;
}

// RFC 6749 §3.3; the provider refuses it before anything else is judged
function hasMalformedScope(form: URLSearchParams): boolean {
  const scope = form.get('scope') ?? '';
  return scope !== '' && !isScope(scope);
}

// RFC 6749 §5.2: who sends nothing to authenticate with is told so by another code
function authenticates({ headers }: IncomingMessage, { client_id, client_assertion }: Parameters): boolean {
  return headers.authorization !== undefined || client_id !== undefined || client_assertion !== undefined;
}
