import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { AuthorizationServerUnavailable } from '../authorization-server/authorization-server-unavailable.js';
import { SharedRecords } from '../store/shared-records.js';

/** Longer than a refresh may take; a replica that dies in the middle of one holds the others up for so long. Milliseconds. */
const TURN = 20_000;
/** Milliseconds. */
const PATIENCE = 10_000;
const LOOK_EVERY = 50;

/**
 * One refresh at a time for a session, whichever replica does it: the server takes a refresh token that is used twice for stolen, and
 * revokes all. RFC 9700 §4.14.2
 */
@Injectable()
export class RefreshTurns {
  /** What was begun last for a session, in this process. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(private readonly records: SharedRecords) {}

  /**
   * @param look for what another refresh has brought meanwhile
   * @param refresh runs when there is nothing, and nobody else refreshes
   * @throws AuthorizationServerUnavailable when another refresh does not end
   */
  async take(
    session: string,
    look: () => Promise<string | undefined>,
    refresh: () => Promise<string>,
  ): Promise<string> {
    const work = (): Promise<string> => this.#amongReplicas(session, look, refresh);
    const turn = (this.#last.get(session) ?? Promise.resolve()).then(work, work).finally(() => {
      if (this.#last.get(session) === turn) this.#last.delete(session);
    });
    this.#last.set(session, turn);
    return turn;
  }

  async #amongReplicas(
    session: string,
    look: () => Promise<string | undefined>,
    refresh: () => Promise<string>,
  ): Promise<string> {
    const deadline = performance.now() + PATIENCE;
    while (performance.now() < deadline) {
      const until = await this.records.add('refresh', session, '', TURN);
      if (until !== undefined) return this.#inTurn(session, until, look, refresh);
      await sleep(LOOK_EVERY);
      const found = await look();
      if (found !== undefined) return found;
    }
    throw new AuthorizationServerUnavailable({ cause: new Error('Another refresh of this session does not end') });
  }

  async #inTurn(
    session: string,
    until: number,
    look: () => Promise<string | undefined>,
    refresh: () => Promise<string>,
  ): Promise<string> {
    try {
      return (await look()) ?? (await refresh());
    } finally {
      // it ends by itself, too
      await this.records.remove('refresh', session, until).catch(() => undefined);
    }
  }
}
