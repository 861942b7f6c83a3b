/** A cursor that no page of the store has given out. */
export class InvalidCursor extends Error {
  constructor() {
    super('The cursor is not one that an earlier page has given');
    this.name = 'InvalidCursor';
  }
}

/** Somebody else was faster: the change is based on a version that is not the current one. */
export class VersionConflict extends Error {
  constructor(
    readonly kind: string,
    readonly id: string,
    /** undefined when there is none */
    readonly currentVersion: number | undefined,
  ) {
    super(`The ${kind} ${id} ${currentVersion === undefined ? 'does not exist' : `has version ${currentVersion}`}`);
    this.name = 'VersionConflict';
  }
}

/** A file that was read again is older than one that some replica has in force. */
export class OlderGeneration extends Error {
  constructor(
    /** Of the newest file that was settled. */
    readonly newest: number,
  ) {
    super(`A file of generation ${newest} is in force`);
    this.name = 'OlderGeneration';
  }
}

/** A step that the state of a signing key does not allow. */
export class KeyTransitionRefused extends Error {
  constructor(kid: string, reason: string) {
    super(`The signing key ${kid} ${reason}`);
    this.name = 'KeyTransitionRefused';
  }
}

/** A value that cannot be opened: its key is not among the given ones, or it was changed or moved. */
export class SealBroken extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'SealBroken';
  }
}

/** The audit record could not be written: what it tells about must not take effect. */
export class AuditUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AuditUnavailable';
  }
}
