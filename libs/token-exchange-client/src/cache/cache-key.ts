import { createHash } from 'node:crypto';
import type { TokenRequest } from '../exchange/token-request.js';

/** Who asks, beside what is asked. */
export interface Requester {
  readonly issuer: string;
  readonly clientId: string;
  readonly authenticationMethod: string;
  readonly preset: string;
  /** What tokens are bound to: a key's thumbprint (RFC 9449 §6.1), a certificate (RFC 8705 §3.1). */
  readonly proofKeys: readonly string[];
}

/**
 * The key of an exchange: the SHA-256 of a JSON array of everything that can change the answer. JSON delimits and escapes
 * each part, so that no value can pass for another; tokens enter as hashes, whole; no user name takes part.
 */
export function cacheKey(requester: Requester, request: TokenRequest): string {
  const { subject, actor } = request;
  return sha256(
    JSON.stringify([
      'onbehalf-exchange-1',
      requester.issuer,
      requester.clientId,
      requester.authenticationMethod,
      requester.preset,
      requester.proofKeys,
      subject ? [sha256(subject.token), subject.type] : null,
      actor ? [sha256(actor.token), actor.type] : null,
      request.audiences,
      request.resources,
      request.scopes,
      request.requestedType ?? null,
      Object.entries(request.parameters).sort(([one], [other]) => (one < other ? -1 : 1)),
      request.tenant ?? null,
    ]),
  );
}

/** The SHA-256 of a text, base64url. Well-formed JSON first: unpaired surrogates would all become the same UTF-8 bytes. */
export function sha256(text: string): string {
  return createHash('sha256').update(JSON.stringify(text)).digest('base64url');
}
