import type { Life, Party, PartyKind } from '@onbehalf/authorization-ports';
import { hash } from '../documents/client-secrets.js';
import type { ClientDocument, UserDocument } from '../documents/registration-documents.js';
import type { Registration } from '../documents/registration.js';

/**
 * The lives that clients and users lead at one moment. Sessions, grants and tokens belong to one: who is disabled, removed or given
 * a new password ends it, and what comes after under the same name inherits nothing.
 */
export class Lives {
  readonly #lives: ReadonlyMap<string, Life>;

  constructor(lives: readonly Life[]) {
    this.#lives = new Map(lives.map((life) => [keyOf(life.kind, life.id), life]));
  }

  /** The number of the life; `undefined` for who leads none. */
  of(kind: PartyKind, id: string): number | undefined {
    return this.#lives.get(keyOf(kind, id))?.life;
  }

  /** When the life before ended, seconds since the epoch. */
  since(kind: PartyKind, id: string): number | undefined {
    return this.#lives.get(keyOf(kind, id))?.since;
  }

  /** Whether this is what the life that a party leads began with: a file that is older than another replica's may have less. */
  isCurrent({ kind, id, credential }: Party): boolean {
    return this.#lives.get(keyOf(kind, id))?.credential === credential;
  }
}

const keyOf = (kind: PartyKind, id: string): string => `${kind} ${id}`;

/** A client or user as far as its life goes; not let in where it is not registered. */
export function partyOf(kind: PartyKind, id: string, registration: Registration | undefined): Party {
  if (!registration) return { kind, id, enabled: false };
  const { enabled } = registration.document as ClientDocument | UserDocument;
  if (kind === 'client') return { kind, id, enabled };
  const { passwordHash, keepsSessions } = registration.document as UserDocument;
  return { kind, id, enabled, credential: hash(passwordHash), keepsSessions: keepsSessions === true };
}
