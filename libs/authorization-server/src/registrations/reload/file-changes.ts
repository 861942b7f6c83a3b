import { isDeepStrictEqual } from 'node:util';
import type { RegistrationKind } from '@onbehalf/authorization-ports';
import type { RegistrationChangeEvent } from '../../audit/audit-event.js';
import type { ServerConfig } from '../../configuration/schema/server-config.schema.js';
import { changeEvent, type Operator } from '../changes/change-event.js';
import { entriesOf } from '../live/file-entries.js';
import type { Registration } from '../documents/registration.js';

/** What a file says of a registration that the one before did not. */
export interface FileChange {
  readonly kind: RegistrationKind;
  readonly id: string;
  readonly operation: 'file-create' | 'file-replace' | 'file-delete';
  /** The names of the members that are otherwise, a secret or a password by its name alone; of a replaced entry only. */
  readonly changed: readonly string[];
}

/** The members of the file that count as soon as it is read again. From all others the server is built when it starts. */
const RELOADED = ['$schema', 'generation', 'resources', 'clients', 'users', 'edges', 'trustedIssuers', 'rateLimits'];
const REGISTERED = ['resources', 'clients', 'users', 'edges'];

/** A file that was read again, as far as it may count without a restart. */
export interface ReloadedFile {
  readonly file: ServerConfig;
  /** Members whose new values do not count before a restart. */
  readonly needsRestart: readonly string[];
}

/** Keeps what only a restart can change as it is in force. */
export function withoutRestart(next: ServerConfig, inForce: ServerConfig): ReloadedFile {
  const isReloaded = ([name]: readonly [string, unknown]): boolean => RELOADED.includes(name);
  const kept = Object.entries(inForce).filter((entry) => !isReloaded(entry));
  const file = Object.fromEntries([...kept, ...Object.entries(next).filter(isReloaded)]) as unknown as ServerConfig;
  return { file, needsRestart: differing(next, inForce).filter((name) => !RELOADED.includes(name)) };
}

/** The members, other than lists of registrations, that two files have otherwise. */
export function changedSettings(before: ServerConfig, after: ServerConfig): string[] {
  return differing(before, after).filter((name) => !REGISTERED.includes(name));
}

/** Every registration of which a file says something else than the one before, as the audit trail tells it. */
export function fileChanges(before: ServerConfig, after: ServerConfig, operator: Operator): RegistrationChangeEvent[] {
  const [old, now] = [withSecrets(before), withSecrets(after)];
  const changes = [...new Set([...old.keys(), ...now.keys()])].flatMap((key): RegistrationChangeEvent[] => {
    const [was, is] = [old.get(key), now.get(key)];
    if (isDeepStrictEqual(was?.document, is?.document)) return [];
    const { kind, id } = (is ?? was)!;
    const operation = was && is ? 'file-replace' : is ? 'file-create' : 'file-delete';
    return [changeEvent({ kind, id, ...(is && { document: is.document }) }, was, operation, operator)];
  });
  return changes;
}

/**
 * That a file was read again, whatever it says.
 * @param beside settings that count together with it and are otherwise
 */
export function reloadEvent(
  before: ServerConfig,
  after: ServerConfig,
  operator: Operator,
  beside: readonly string[] = [],
): RegistrationChangeEvent {
  return {
    type: 'registration_change',
    outcome: 'accepted',
    operation: 'reload',
    registrationKind: 'configuration',
    registrationId: 'file',
    changed: [...differing(before, after), ...beside],
    operator: operator.subject,
    clientId: operator.clientId,
  };
}

/** A change as operators are answered it. */
export function toFileChange(event: RegistrationChangeEvent): FileChange {
  const { registrationKind, registrationId: id, operation, changed } = event;
  return {
    kind: registrationKind as FileChange['kind'],
    id,
    operation: operation as FileChange['operation'],
    changed,
  };
}

function differing(before: object, after: object): string[] {
  const [one, other] = [before, after] as Readonly<Record<string, unknown>>[];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !isDeepStrictEqual(one![name], other![name])).sort();
}

/** A new secret is a change, too. */
function withSecrets(file: ServerConfig): ReadonlyMap<string, Registration> {
  const secrets = new Map(file.clients.map(({ clientId, secret }) => [clientId, secret]));
  const secretOf = ({ kind, id }: Registration) => kind === 'client' && { secret: secrets.get(id) };
  return new Map(
    entriesOf(file).map((entry) => [
      JSON.stringify([entry.kind, entry.id]),
      { ...entry, document: { ...entry.document, ...secretOf(entry) } },
    ]),
  );
}
