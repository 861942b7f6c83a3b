import { ProviderUnavailable, type ProviderRefused } from '../providers/provider-errors.js';
import type { PendingLink } from './pending-links.js';

/** RFC 6749 §4.1.2.1 */
export type LinkError = 'access_denied' | 'temporarily_unavailable' | 'server_error';

/** What became of a browser that has come back from a provider; `client`: it goes on to the client that has asked. */
export type Returned =
  | { readonly outcome: 'linked'; readonly provider: string }
  | { readonly outcome: 'refused'; readonly provider: string; readonly error: LinkError }
  | { readonly outcome: 'client'; readonly url: string }
  | { readonly outcome: 'confirm'; readonly provider: string; readonly code: string; readonly labels: Labels };

/** What is linked, and what would take its place. */
interface Labels {
  readonly before: string;
  readonly after: string;
}

/** It is not linked: the page says so, or the client that has asked. */
export function refused({ row, details }: PendingLink, error: LinkError): Returned {
  if (!details.client) return { outcome: 'refused', provider: row.provider, error };
  return { outcome: 'client', url: backTo(details.client, { error }) };
}

/** RFC 6749 §4.1.2: the query of the redirect URI is kept. */
export function backTo(
  { redirectUri, state }: NonNullable<PendingLink['details']['client']>,
  told: Readonly<Record<string, string>>,
): string {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(told)) url.searchParams.set(name, value);
  if (state !== undefined) url.searchParams.set('state', state);
  return url.href;
}

/** What the client is told. */
export function toLinkError(error: ProviderRefused | ProviderUnavailable): LinkError {
  if (error instanceof ProviderUnavailable) return 'temporarily_unavailable';
  return error.code === 'access_denied' ? 'access_denied' : 'server_error';
}
