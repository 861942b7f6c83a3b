import { formatScope, GrantType, TokenType } from '@onbehalf/oauth-protocol';
import type { RefusalRule } from '../tokens/refusal-cause.js';
import type { StepUp } from '../tokens/exchange-errors.js';
import type { JsonObject } from '../tokens/token-answer.js';
import type { TokenRequest } from '../tokens/token-request.js';
import { clientCredentialsForm } from './exchange-form.js';
import type { Preset } from './preset.js';

/** Error codes of Entra's reference: the assertion is expired, revoked or badly signed, or its user is disabled. */
const refusals: readonly RefusalRule[] = [
  {
    error: /^invalid_grant$/,
    description: /AADSTS(?:500133|50173|50132|70043|70008|700082|50013|50057)\b/,
    about: 'subject-token',
  },
  { error: /^invalid_grant$/, about: 'access' },
  { error: /^(?:invalid_resource|invalid_scope)$/, about: 'set-up', setting: 'scope' },
];

/**
 * Microsoft Entra's on-behalf-of flow: not RFC 8693 but the JWT grant of RFC 7523 with a parameter of its own. The scope names
 * the target, as in `api://message-service/.default`.
 */
export const entraOnBehalfOf: Preset = {
  name: 'entra-on-behalf-of',
  subjectTokenType: TokenType.AccessToken,
  issuedTokenType: 'absent',
  form: (request) => {
    const form = new URLSearchParams({ grant_type: GrantType.JwtBearer });
    if (request.subject) form.set('assertion', request.subject.token);
    form.set('scope', formatScope(request.scopes));
    form.set('requested_token_use', 'on_behalf_of');
    for (const [name, value] of Object.entries(request.parameters)) form.set(name, value);
    return form;
  },
  serviceForm: clientCredentialsForm,
  refusals,
  unsupported,
  stepUp,
};

function unsupported({ actor, audiences, resources, scopes, requestedType }: TokenRequest): string | undefined {
  if (audiences.length + resources.length > 0)
    return 'Entra names the target in scope: leave audience and resource out';
  if (scopes.length === 0) return 'Entra wants a scope, such as api://message-service/.default';
  if (actor) return 'Entra takes the actor from the client: leave actor out';
  return requestedType && requestedType !== TokenType.AccessToken ? 'Entra issues access tokens only' : undefined;
}

/** Refusals that the user can do something about. */
const INTERACTION = new Set(['interaction_required', 'login_required', 'invalid_grant']);

// A claims challenge must reach the client of the user (conditional access); without claims there is nothing to relay.
function stepUp(body: JsonObject): StepUp | undefined {
  const { error, claims } = body;
  if (typeof error !== 'string' || !INTERACTION.has(error)) return undefined;
  return typeof claims === 'string' && claims.length <= 4096 && isJsonObject(claims) ? { claims } : undefined;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
