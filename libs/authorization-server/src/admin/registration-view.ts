import type { ClientDocument } from '../registrations/registration-documents.js';
import type { Registration } from '../registrations/registration.js';

/** A registration as operators see it: no password and no secret, not even as a hash. */
export type RegistrationView = Readonly<Record<string, unknown>> & { readonly id: string; readonly origin: string };

export function toView({ kind, id, version, document }: Registration): RegistrationView {
  const { secrets, fileSecretExpiresAt, ...rest } = document;
  const shown = Object.fromEntries(Object.entries(rest).filter(([name]) => name !== 'passwordHash'));
  const origin = version === 0 ? 'file' : 'store';
  if (kind !== 'client') return { ...shown, id, origin };
  const expiries = (secrets as ClientDocument['secrets']).map(({ expiresAt }) => expiresAt ?? null);
  // null is a secret that does not expire
  return { ...shown, id, origin, secretsExpireAt: expiries, ...(fileSecretExpiresAt ? { fileSecretExpiresAt } : {}) };
}

/** RFC 9110 §8.8.3 */
export const etagOf = ({ version }: Registration): string => `"${version}"`;
