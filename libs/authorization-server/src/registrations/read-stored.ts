import type { StoredRegistration } from '@onbehalf/authorization-ports';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { Registration } from './registration.js';
import type { RegistrationDocuments } from './registration-documents.js';

/** A registration that was stored by hand, or by a version that took more. */
export interface UnfitRegistration extends Registration {
  readonly reason: string;
}

/**
 * What is stored, as the schemas understand it; apart from it, what they would not take.
 * @throws ConfigurationError for a setting that is not known: a newer version has written it, and means something by it
 */
export function readStored(
  stored: readonly StoredRegistration[],
  documents: RegistrationDocuments,
): { readonly fit: Registration[]; readonly unfit: UnfitRegistration[] } {
  const fit: Registration[] = [];
  const unfit: UnfitRegistration[] = [];
  for (const { kind, id, version, document } of stored) {
    const mistake = documents.ids[kind].safeParse(id).error?.issues[0];
    const { data, error } = documents.stored[kind].safeParse(document);
    if (data && !mistake) fit.push({ kind, id, version, document: data });
    else {
      const [issue = mistake!] = mistake ? [mistake] : error!.issues;
      if (issue.code === 'unrecognized_keys') {
        throw new ConfigurationError(`registrations: ${kind} ${id}`, issue.keys.join(', '), 'what this version knows');
      }
      const reason = `${issue.path.join('.') || 'id'}: ${issue.message}`;
      unfit.push({ kind, id, version, document: shutOut(kind, document, documents), reason });
    }
  }
  return { fit, unfit };
}

/** As operators may see and replace it, whatever its other members are. */
function shutOut(
  kind: StoredRegistration['kind'],
  document: StoredRegistration['document'],
  documents: RegistrationDocuments,
): Registration['document'] {
  if (kind !== 'client') return { ...document, enabled: false };
  const { data: secrets = [] } = documents.stored.client.shape.secrets.safeParse(document['secrets']);
  return { ...document, enabled: false, secrets };
}
