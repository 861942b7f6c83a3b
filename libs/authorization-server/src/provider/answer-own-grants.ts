import { errors, type KoaContextWithOIDC, type default as Provider } from 'oidc-provider';
import { AUTHENTICATION_PARAMETERS } from './authenticate-client.js';
import type { Grant, GrantContext } from './grant.js';
import { readPlainForm } from './plain-form.js';
import { ROUTES } from './provider-configuration.js';
import { answerAtTokenEndpoint } from './provider-seam.js';
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

/**
 * Middleware that answers the grants of this library without those steps of the provider's token endpoint that read and sort
 * parameters, which cost more than what a grant does. The provider authenticates the client and writes the errors, as there.
 * Only what is written plainly is answered here: a body that is no form, a parameter that is repeated, a request without
 * authentication or from a page of another origin reach the provider as they came, and get its answer.
 */
export function answerOwnGrants(provider: Provider, grants: readonly Grant[]) {
  const absent = new Map(grants.map((grant) => [grant.grantType, { grant, parameters: absentParameters(grant) }]));
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    if (ctx.method !== 'POST' || ctx.path !== ROUTES.token || ctx.headers.origin !== undefined) return next();
    const request = await readPlainForm(ctx.req, (form): PlainRequest | undefined => {
      const known = absent.get(form.get('grant_type') ?? '');
      const parameters = known && readParameters(form, known.parameters, known.grant.repeatable);
      return parameters && authenticates(ctx, parameters) ? { grant: known.grant, form, parameters } : undefined;
    });
    return request ? answer(provider, ctx, request) : next();
  };
}

function answer(provider: Provider, ctx: KoaContextWithOIDC, { grant, form, parameters }: PlainRequest): Promise<void> {
  return answerAtTokenEndpoint(provider, ctx, parameters, (granting) => {
    const allowed = granting.oidc.client.grantTypeAllowed(grant.grantType);
    if (!allowed) throw new errors.InvalidRequest('requested grant type is not allowed for this client');
    return handleGrant(grant, granting as GrantContext, form);
  });
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
  if (form.size > MAX_PARAMETERS || form.has('authorization_details')) return undefined;
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
  for (const name of AUTHENTICATION_PARAMETERS) if (found[name] === '') found[name] = undefined;
  return found;
}

// RFC 6749 §5.2: who sends nothing to authenticate with is told so by another code
function authenticates({ headers }: KoaContextWithOIDC, { client_id, client_assertion }: Parameters): boolean {
  return headers.authorization !== undefined || client_id !== undefined || client_assertion !== undefined;
}
