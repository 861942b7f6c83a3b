import { isDeepStrictEqual } from 'node:util';
import type { RegistrationKind } from '@onbehalf/authorization-ports';
import type { ConfigSection } from '../../configuration/schema/config-section.js';
import { misfits } from './misfits.js';
import type { Registration } from '../documents/registration.js';
import type { RegistrationSet } from '../live/registration-set.js';

/** Where what is stored and the file are two things. */
export interface Drift {
  readonly kind: RegistrationKind;
  readonly id: string;
  /**
   * `replaced`: it stands in the file, too, whose edits do not count. `stale`: it names what is not registered any more. `unfit`: no
   * version of now would store it. `overruled`: it leads to operators, of which the file alone tells.
   */
  readonly state: 'replaced' | 'stale' | 'unfit' | 'overruled';
  /** The members that the file has otherwise. */
  readonly differs?: readonly string[];
  readonly reason?: string;
}

/** What no file holds. */
const STORE_ONLY = ['secrets', 'fileSecretExpiresAt', 'signedOutAt'];

/** All drift, in the order of states and kinds. */
export function driftOf(set: RegistrationSet, sections: readonly ConfigSection[]): Drift[] {
  const kinds = ['client', 'resource', 'edge', 'user'] as const;
  const stored = kinds.flatMap((kind) => set.list(kind)).filter(({ version }) => version > 0);
  return [
    ...stored.flatMap((entry): Drift[] => {
      const differs = differences(set, entry);
      return differs ? [{ kind: entry.kind, id: entry.id, state: 'replaced', differs }] : [];
    }),
    ...misfits(set, sections).flatMap(({ entry, mistake: { message } }): Drift[] =>
      entry && set.inStore(entry.kind, entry.id) ? [{ ...entry, state: 'stale', reason: message }] : [],
    ),
    ...set.unfit.map(({ kind, id, reason }): Drift => ({ kind, id, state: 'unfit', reason })),
    ...set.overruled.map(({ kind, id }): Drift => ({ kind, id, state: 'overruled' })),
  ];
}

/** The members that a stored registration has otherwise than the file; nothing where one of both does not have it at all. */
export function differences(set: RegistrationSet, { kind, id, version, document }: Registration): string[] | undefined {
  const inFile = version > 0 ? set.inFile(kind, id)?.document : undefined;
  if (!inFile) return undefined;
  const names = new Set(
    [...Object.keys(inFile), ...Object.keys(document)].filter((name) => !STORE_ONLY.includes(name)),
  );
  return [...names].filter((name) => !isDeepStrictEqual(inFile[name], document[name])).sort();
}
