import { hash } from 'node:crypto';
import type { TokenRequest, TypedToken } from '../tokens/token-request.js';

/** Who asks, beside what is asked. */
export interface Requester {
  readonly issuer: string;
  readonly clientId: string;
  readonly authenticationMethod: string;
  readonly preset: string;
  /** What tokens are bound to: a key's thumbprint (RFC 9449 §6.1), a certificate (RFC 8705 §3.1). */
  readonly proofKeys: readonly string[];
  /** The other domain that goes on from there, and who asks in it. */
  readonly domain?: readonly (string | readonly string[])[];
}

/**
 * The key of an exchange: the SHA-256 of a JSON array of everything that can change the answer. JSON delimits and escapes
 * each part, so that no value can pass for another; tokens enter as hashes, whole; no user name takes part.
 */
export function cacheKey(requester: Requester, request: TokenRequest): string {
  const { subject, actor } = request;
  return digest(
    JSON.stringify([
      'onbehalf-exchange-1',
      requester.issuer,
      requester.clientId,
      requester.authenticationMethod,
      requester.preset,
      requester.proofKeys,
      subject ? [hashOf(subject), subject.type] : null,
      actor ? [hashOf(actor), actor.type] : null,
      request.audiences,
      request.resources,
      request.scopes,
      request.requestedType ?? null,
      sortedEntries(request.parameters),
      request.tenant ?? null,
      ...(requester.domain ? [requester.domain] : []),
    ]),
  );
}

/** Of the tokens of requests that are under way; the objects are read-only and end with their request. */
const hashes = new WeakMap<TypedToken, string>();

/** The SHA-256 of a whole token, computed once for each object that holds one. */
export function hashOf(holder: TypedToken): string {
  const known = hashes.get(holder);
  if (known !== undefined) return known;
  const computed = sha256(holder.token);
  hashes.set(holder, computed);
  return computed;
}

/** The SHA-256 of a text, base64url. Well-formed JSON first: unpaired surrogates would all become the same UTF-8 bytes. */
export function sha256(text: string): string {
  return digest(JSON.stringify(text));
}

function digest(json: string): string {
  return hash('sha256', json, 'base64url');
}

function sortedEntries(parameters: TokenRequest['parameters']): [string, string][] {
  return Object.entries(parameters).sort(([one], [other]) => (one < other ? -1 : 1));
}
