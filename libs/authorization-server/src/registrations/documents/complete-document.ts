import type { RegistrationKind } from '@onbehalf/authorization-ports';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { PASSWORD_HASH } from '../../configuration/schema/password-hash.js';
import { makeSecret } from './client-secrets.js';
import type { ClientDocument, UserDocument } from './registration-documents.js';
import type { Registration } from './registration.js';

/**
 * Keeps, or makes, what operators never send: passwords and secrets.
 * @returns the document, and the secret of a new client, which nobody can read again
 * @throws ConfigurationError for a user without a password
 */
export function completeDocument(
  kind: RegistrationKind,
  input: object,
  current: Registration['document'] | undefined,
): { document: Record<string, unknown>; secret?: string } {
  if (kind === 'user') {
    const { passwordHash } = { ...current, ...input } as Partial<UserDocument>;
    if (passwordHash === undefined) throw new ConfigurationError('passwordHash', undefined, PASSWORD_HASH);
    return { document: { ...input, passwordHash } };
  }
  if (kind !== 'client') return { document: { ...input } };
  // of an application that keeps them itself
  if ('secrets' in input) return { document: { ...input } };
  const { secrets = [], fileSecretExpiresAt } = (current ?? {}) as Partial<ClientDocument>;
  const { authentication } = input as ClientDocument;
  if (current || !authentication.startsWith('client_secret_')) {
    return { document: { ...input, secrets, fileSecretExpiresAt } };
  }
  const { secret, stored } = makeSecret();
  return { document: { ...input, secrets: [stored] }, secret };
}
