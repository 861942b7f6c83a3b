import type { RegistrationKind, StoredRegistration } from '@onbehalf/authorization-ports';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { Registration } from './registration.js';
import type { RegistrationDocuments } from './registration-documents.js';

/** A registration that was stored by hand, or by a version that took more. */
export interface UnfitRegistration extends Registration {
  readonly reason: string;
}

/** What is stored, as this version understands it. */
export interface ReadRegistrations {
  readonly fit: readonly Registration[];
  /** What the schemas would not take. */
  readonly unfit: readonly UnfitRegistration[];
  /** What holds settings that are not known: a newer version has written them, and means something by them. */
  readonly newer: readonly ConfigurationError[];
}

/**
 * Reads what is stored.
 * @param known what this replica had in force, where it runs already: of what a newer version has written that goes on, unless it
 *   is disabled by now
 * @throws ConfigurationError without `known`, for what a newer version has written
 */
export function readStored(
  stored: readonly StoredRegistration[],
  documents: RegistrationDocuments,
  known?: (kind: RegistrationKind, id: string) => Registration | undefined,
): ReadRegistrations {
  const fit: Registration[] = [];
  const unfit: UnfitRegistration[] = [];
  const newer: ConfigurationError[] = [];
  for (const { kind, id, version, document } of stored) {
    const mistake = documents.ids[kind].safeParse(id).error?.issues[0];
    const { data, error } = documents.stored[kind].safeParse(document);
    if (data && !mistake) fit.push({ kind, id, version, document: data });
    else {
      const [issue = mistake!] = mistake ? [mistake] : error!.issues;
      if (issue.code === 'unrecognized_keys') {
        const setting = `registrations: ${kind} ${id}`;
        newer.push(new ConfigurationError(setting, issue.keys.join(', '), 'what this version knows'));
        const before = known?.(kind, id);
        if (before) fit.push({ ...before, version, document: asBefore(before.document, document) });
        if (before) continue;
      }
      const reason = `${issue.path.join('.') || 'id'}: ${issue.message}`;
      unfit.push({ kind, id, version, document: shutOut(kind, document, documents), reason });
    }
  }
  if (newer[0] && !known) throw newer[0];
  return { fit, unfit, newer };
}

/** As this replica knew it, except that nobody is let in who is not by now. */
function asBefore(before: Registration['document'], now: StoredRegistration['document']): Registration['document'] {
  return before['enabled'] === undefined
    ? before
    : { ...before, enabled: before['enabled'] === true && now['enabled'] === true };
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
