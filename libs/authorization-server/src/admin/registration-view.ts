import type { ClientDocument } from '../registrations/documents/registration-documents.js';
import { differences } from '../registrations/drift/drift.js';
import type { Registration } from '../registrations/documents/registration.js';
import type { RegistrationSet } from '../registrations/live/registration-set.js';

/** A registration as operators see it: no password and no secret, not even as a hash. */
export type RegistrationView = Readonly<Record<string, unknown>> & { readonly id: string; readonly origin: string };

/** @param set what is in force, which tells whether edits of the file still count for it */
export function toView(registration: Registration, set: RegistrationSet): RegistrationView {
  const { kind, id, version, document } = registration;
  const { secrets, fileSecretExpiresAt, ...rest } = document;
  const shown = Object.fromEntries(Object.entries(rest).filter(([name]) => name !== 'passwordHash'));
  const differs = differences(set, registration);
  const file = differs && { counts: false, differs };
  const place = { id, origin: version === 0 ? 'file' : 'store', ...(file && { file }) };
  if (kind !== 'client') return { ...shown, ...place };
  const expiries = (secrets as ClientDocument['secrets']).map(({ expiresAt }) => expiresAt ?? null);
  // null is a secret that does not expire
  return { ...shown, ...place, secretsExpireAt: expiries, ...(fileSecretExpiresAt ? { fileSecretExpiresAt } : {}) };
}

/** RFC 9110 §8.8.3 */
export const etagOf = ({ version }: Registration): string => `"${version}"`;
