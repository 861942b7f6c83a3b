import type { RegistrationKind } from '@onbehalf/authorization-ports';
import type { ConfigurationError } from '@onbehalf/oauth-protocol';
import { referenceMistakes } from '../../configuration/checks/check-references.js';
import type { ConfigSection } from '../../configuration/schema/config-section.js';
import type { RegistrationSet } from '../live/registration-set.js';

/** A mistake in what is registered, such as a name of something that is not registered any more. */
export interface Misfit {
  /** Absent for a section of the file. */
  readonly entry?: { readonly kind: RegistrationKind; readonly id: string };
  readonly mistake: ConfigurationError;
}

const KINDS: Readonly<Record<string, readonly [kind: RegistrationKind, key: string]>> = {
  clients: ['client', 'clientId'],
  resources: ['resource', 'audience'],
  users: ['user', 'username'],
  edges: ['edge', 'id'],
};

/** All that does not fit together in what is registered. */
export function misfits({ config }: RegistrationSet, sections: readonly ConfigSection[]): Misfit[] {
  const lists = config as unknown as Readonly<Record<string, readonly Readonly<Record<string, string>>[]>>;
  return [...referenceMistakes(config, 'registrations', sections)].map((mistake) => {
    const [, list = '', index = ''] = /^registrations: (\w+)\[(\d+)\]/.exec(mistake.setting) ?? [];
    const [kind, key] = KINDS[list] ?? [];
    return kind ? { entry: { kind, id: lists[list]![Number(index)]![key!]! }, mistake } : { mistake };
  });
}

/**
 * Refuses a change for the mistakes that it makes. What did not fit together before is no matter of it, or one entry whose resource
 * has left the file would stop every change.
 * @param changed is judged whole, unless it is left as it was
 * @throws ConfigurationError
 */
export function checkChange(
  [before, after]: readonly [before: RegistrationSet, after: RegistrationSet],
  changed: { readonly kind: RegistrationKind; readonly id: string } | undefined,
  sections: readonly ConfigSection[],
): void {
  const known = new Set(misfits(before, sections).map(keyOf));
  const isChanged = ({ entry }: Misfit): boolean => entry?.kind === changed?.kind && entry?.id === changed?.id;
  const made = misfits(after, sections).find(
    (misfit) => (changed !== undefined && isChanged(misfit)) || !known.has(keyOf(misfit)),
  );
  if (made) throw made.mistake;
}

/** The same mistake before and after a change: places move, and so does what would be accepted. */
function keyOf({ entry, mistake: { setting, given } }: Misfit): string {
  return JSON.stringify([entry, setting.replace(/\[\d+\]/, ''), given]);
}
