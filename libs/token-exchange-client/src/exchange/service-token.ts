import type { ExchangedToken } from '../tokens/exchanged-token.js';
import { ExchangeRefused } from '../tokens/exchange-errors.js';
import type { TokenRequest } from '../tokens/token-request.js';

/**
 * Checks that a token of the service itself is the one that was asked for: many servers ignore `audience` with client
 * credentials, and leave out scopes that the client may not have. RFC 6749 §4.4, §5.1.
 * @throws ExchangeRefused `invalid_target` or `invalid_scope`, about the set-up
 */
export function checkServiceToken(
  token: ExchangedToken,
  { audiences, scopes }: TokenRequest,
  tellsScope = false,
): void {
  const claims = token.claims();
  const audience = claims?.aud === undefined ? undefined : [claims.aud].flat();
  if (audience && !audiences.every((one) => audience.includes(one))) {
    const description = `it issued a token for ${audience.join(', ')} where ${audiences.join(', ')} was asked for`;
    throw refused('invalid_target', description, 'audience (the server may want resource, or another client)');
  }
  const granted = token.scopes ?? scopeClaim(claims) ?? (tellsScope && claims ? [] : undefined);
  const missing = granted === undefined ? [] : scopes.filter((scope) => !granted.includes(scope));
  if (missing.length === 0 || scopes.some((scope) => scope.endsWith('/.default'))) return;
  const description = `it issued a token without the scope ${missing.join(' ')}`;
  throw refused('invalid_scope', description, 'scope (what the client may have at the server)');
}

function scopeClaim(claims: Readonly<Record<string, unknown>> | undefined): readonly string[] | undefined {
  const value = claims?.['scope'] ?? claims?.['scp'];
  if (typeof value === 'string') return value.split(' ');
  return Array.isArray(value) ? value.map(String) : undefined;
}

function refused(error: string, description: string, setting: string): ExchangeRefused {
  return new ExchangeRefused({ error, description, status: 200, about: 'set-up', setting });
}
