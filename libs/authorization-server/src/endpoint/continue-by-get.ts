import { decodeJwt } from 'jose';
import type { default as Provider } from 'oidc-provider';
import type { Handle } from '../protocol/answer.js';
import { pathOf, ROUTES } from '../protocol/routes.js';
import { withBody } from '../provider/seam/request-seam.js';
import { readForm } from './read-form.js';

/** Where browsers may be sent by POST. OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2 */
const BY_POST: readonly string[] = [ROUTES.authorization, ROUTES.end_session];

/**
 * Sends a browser that comes by POST on to the same request by GET: it has no cookie of this server with it when another site
 * sent it. A token that names the session to be ended is replaced by the name of that session, so that it stands in no address.
 */
export function continueByGet(provider: Provider, handle: Handle): Handle {
  return async (request, response) => {
    const path = pathOf(request);
    if (request.method !== 'POST' || !BY_POST.includes(path)) return handle(request, response);
    const received = await readForm(request);
    if (!received) return;
    const { form, fault } = received;
    const query = fault ? undefined : path === ROUTES.end_session ? await withoutToken(provider, form) : form;
    if (query) {
      response.writeHead(303, { location: `${path}?${query.toString()}`, 'cache-control': 'no-store' }).end();
      return;
    }
    // the provider tells what is wrong with it
    const asked = withBody(request, Buffer.alloc(0));
    await handle(Object.assign(asked, { method: 'GET', url: `${path}?${form.toString()}` }), response);
  };
}

/** @returns `undefined` when the token cannot be believed */
async function withoutToken(provider: Provider, form: URLSearchParams): Promise<URLSearchParams | undefined> {
  const [token, ...more] = form.getAll('id_token_hint');
  if (!token) return form;
  if (more.length > 0) return undefined;
  try {
    const { aud, sid } = decodeJwt(token);
    const clientId = form.get('client_id') ?? aud;
    const client = typeof aud === 'string' && clientId === aud ? await provider.Client.find(aud) : undefined;
    if (!client) return undefined;
    await provider.IdToken.validate(token, client);
    const query = new URLSearchParams(form);
    query.delete('id_token_hint');
    query.set('client_id', client.clientId);
    if (typeof sid === 'string') query.set('logout_hint', sid);
    return query;
  } catch {
    return undefined;
  }
}
