import { formatScope, GrantType } from '@onbehalf/oauth-protocol';
import type { TokenRequest } from '../tokens/token-request.js';

/** The form of RFC 8693 §2.1; parameters without a value are left out. */
export function exchangeForm(request: TokenRequest): URLSearchParams {
  const form = new URLSearchParams({ grant_type: GrantType.TokenExchange });
  const { subject, actor, requestedType } = request;
  if (subject) {
    form.set('subject_token', subject.token);
    form.set('subject_token_type', subject.type);
  }
  if (actor) {
    form.set('actor_token', actor.token);
    form.set('actor_token_type', actor.type);
  }
  if (requestedType) form.set('requested_token_type', requestedType);
  addTarget(form, request);
  return form;
}

/** The form of RFC 6749 §4.4.2 with the target parameters of RFC 8707 and their logical sibling. */
export function clientCredentialsForm(request: TokenRequest): URLSearchParams {
  const form = new URLSearchParams({ grant_type: GrantType.ClientCredentials });
  addTarget(form, request);
  return form;
}

/** Adds audiences, resources, scope and further parameters. */
export function addTarget(form: URLSearchParams, request: TokenRequest): void {
  for (const audience of request.audiences) form.append('audience', audience);
  for (const resource of request.resources) form.append('resource', resource);
  if (request.scopes.length > 0) form.set('scope', formatScope(request.scopes));
  for (const [name, value] of Object.entries(request.parameters)) form.set(name, value);
}
