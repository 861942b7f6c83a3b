/** Who has access to whose account. Each life of a name has a number of its own; when either life ends, the consent ends. */
export interface ConsentParties {
  readonly subject: string;
  readonly subjectLife: number;
  readonly clientId: string;
  readonly clientLife: number;
}

/**
 * How a consent came about: the user said yes, and need not be asked again; the user said yes to this one request; or nobody was
 * asked, since the operator answers for the client.
 */
export type ConsentKind = 'remembered' | 'once' | 'operator';

/** One scope that a client may have: at a resource, or of the server itself. */
export interface ConsentedScope {
  readonly scope: string;
  /** Absent: of the server itself, such as `openid`. */
  readonly audience?: string;
}

/** What is consented to at once, with the grant that comes of it. */
export interface NewConsent extends ConsentParties {
  readonly kind: ConsentKind;
  readonly scopes: readonly ConsentedScope[];
  readonly grantId: string;
  /** When the grant ends, seconds since the epoch. */
  readonly grantExpiresAt: number;
  /** When the consent is forgotten, seconds since the epoch. */
  readonly expiresAt: number;
}

/** A scope that is consented to, and since when: seconds since the epoch. */
export interface StandingConsent extends ConsentedScope {
  readonly clientId: string;
  readonly clientLife: number;
  readonly kind: ConsentKind;
  readonly since: number;
  /** When it ends, seconds since the epoch. */
  readonly expiresAt: number;
  /** The grant that came of it last; absent where versions before have not kept it. */
  readonly grantId?: string;
}

/** What users let clients do: the storage implements it. Shared by all replicas. */
export interface ConsentStore {
  /**
   * Adds to what is consented to. Replaces what other lives consented to.
   * @param event is recorded in the same transaction
   */
  give(consent: NewConsent, event: object): Promise<void>;
  /** What the user lets clients do, in this life. */
  of(subject: string, subjectLife: number): Promise<readonly StandingConsent[]>;
  /**
   * Ends all that the client may have of the user, whatever its kind and life, and every grant with it. From then on nothing that
   * came of them counts, refresh tokens and exchanged tokens included.
   * @param event is recorded in the same transaction
   * @returns the grants that have ended; `undefined`, and nothing is recorded, when there was nothing to withdraw
   */
  withdraw(subject: string, clientId: string, event: object): Promise<readonly string[] | undefined>;
}
