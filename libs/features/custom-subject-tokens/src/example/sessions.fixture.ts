import { Injectable } from '@nestjs/common';

// #region sessions
/** A row of the old system's session table. */
export interface LegacySession {
  readonly user: string;
  /** Seconds since the epoch. */
  readonly startedAt: number;
  /** Seconds since the epoch. */
  readonly endsAt: number;
  readonly locked: boolean;
  readonly rights: readonly string[];
}

@Injectable()
export class SessionTable {
  readonly rows = new Map<string, LegacySession>();

  find(id: string): Promise<LegacySession | undefined> {
    return Promise.resolve(this.rows.get(id));
  }
}
// #endregion
