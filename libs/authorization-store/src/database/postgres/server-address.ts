import { pgDriver } from './pg-driver.js';
import { withoutParameters, writePostgresUrl, type PostgresUrl } from '../address/postgres-url.js';
import { PASSING, READ_ONLY } from './store-unavailable.js';
import type { PostgresLocation } from '../address/store-url.js';

/** SQLSTATE of a login that another password may make succeed: PostgreSQL, appendix A, class 28. */
const REFUSED_LOGIN = /^28/;

/** So the pool says that no connection became free in time, whichever server it leads to. */
const NONE_FREE = 'timeout exceeded when trying to connect';

/** A server that answers and takes no writes, as a standby. */
class TakesNoWrites extends Error {
  readonly code = READ_ONLY;

  constructor() {
    super('the server takes no writes');
  }
}

/** What a connection is opened with. */
interface Target {
  readonly server: string;
  readonly password: string | undefined;
}

interface Asked {
  query(text: string): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
}

/**
 * The servers of an address, of which one takes writes: the one that did last is tried first, and then the others in their order.
 * The password may change while they run: one that is refused is read anew, and one that was accepted before counts until the new
 * one does.
 */
export class ServerAddress {
  readonly #parts: PostgresUrl;
  readonly #mustWrite: boolean;
  readonly #password: CurrentPassword;
  #server = 0;

  /** @param password reads the one that counts now, in place of the one in the address */
  constructor({ parts, mustWrite }: PostgresLocation, password?: () => string | undefined) {
    this.#parts = parts;
    this.#mustWrite = mustWrite;
    this.#password = new CurrentPassword(password);
  }

  /** What is tried now: the address of one server, with the password, and what to call once it has let in. */
  get now(): { readonly url: string; readonly accepted: () => void } {
    const { server, password } = this.#target;
    const accepted = () => this.#password.accepted(password);
    const one = { ...withoutParameters(this.#parts, 'target_session_attrs'), servers: [server] };
    if (password === undefined) return { url: writePostgresUrl(one), accepted };
    const { user = '', ...others } = withoutParameters(one, 'password');
    return { url: writePostgresUrl({ ...others, user, password: encodeURIComponent(password) }), accepted };
  }

  /**
   * Connects, if need be to one server after the other.
   * @param connect opens a connection as {@link now} says
   * @throws what the only server answers, or what each of several does
   */
  async reach<Connection>(connect: () => Promise<Connection>): Promise<Connection> {
    const failures = new Map<string, Error>();
    const tried = new Set<string>();
    for (;;) {
      const target = this.#target;
      tried.add(JSON.stringify(target));
      try {
        return await connect();
      } catch (error) {
        failures.set(target.server, error as Error);
        if (!this.#moveOn(target, error as NodeJS.ErrnoException) || tried.has(JSON.stringify(this.#target))) {
          throw this.#allOf(failures, error as Error);
        }
      }
    }
  }

  /** @throws Error when the server at the other end must take writes and does not */
  readonly check = async (connection: Asked): Promise<void> => {
    if (!this.#mustWrite) return;
    const { rows } = await connection.query('show transaction_read_only');
    if (rows[0]?.['transaction_read_only'] !== 'off') throw new TakesNoWrites();
  };

  get #target(): Target {
    return { server: this.#parts.servers[this.#server]!, password: this.#password.now };
  }

  /** @returns whether there is something else to be tried */
  #moveOn({ server, password }: Target, error: NodeJS.ErrnoException): boolean {
    const code = error.code ?? '';
    if (REFUSED_LOGIN.test(code)) return this.#password.refused(password);
    const isMistake = error instanceof pgDriver().DatabaseError && !PASSING.test(code);
    if (isMistake || error.message === NONE_FREE) return false;
    // who failed at the same moment may have moved on already
    if (server === this.#target.server) this.#server = (this.#server + 1) % this.#parts.servers.length;
    return true;
  }

  #allOf(failures: ReadonlyMap<string, Error>, last: Error): Error {
    if (failures.size < 2) return last;
    const told = [...failures].map(([server, { message }]) => `${server}: ${message}`).join('; ');
    // without a cause: the log tells the last one of causes, and each server has its own
    return Object.assign(new Error(told), { code: (last as NodeJS.ErrnoException).code });
  }
}

/** Whichever is changed first, the password of the server or the file with it: one of the two lets in until both are. */
class CurrentPassword {
  readonly #read: () => string | undefined;
  #accepted: string | undefined;
  #refused: string | undefined;

  constructor(read: () => string | undefined = () => undefined) {
    this.#read = read;
  }

  /** What is tried next. */
  get now(): string | undefined {
    const read = this.#readNow();
    return read === this.#refused ? (this.#accepted ?? read) : read;
  }

  accepted(password: string | undefined): void {
    this.#accepted = password;
    if (password === this.#refused) this.#refused = undefined;
  }

  /** @returns whether there is another one to be tried */
  refused(password: string | undefined): boolean {
    this.#refused = password;
    return this.now !== password;
  }

  /** A file that is being replaced may be gone for a moment. */
  #readNow(): string | undefined {
    try {
      return this.#read();
    } catch (error) {
      if (this.#accepted === undefined) throw error;
      return this.#accepted;
    }
  }
}
