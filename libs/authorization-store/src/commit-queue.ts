import { setImmediate as nextTurn } from 'node:timers/promises';

/** Entries of one commit, and entries that may wait for one before more are refused. */
const GROUP = 100;
const BACKLOG = 10_000;

/** SQLITE_CONSTRAINT, and the class of PostgreSQL's codes for the same. */
const SQLITE_CONSTRAINT = 19;
const POSTGRES_CONSTRAINT = '23';

interface Waiting<Entry, Outcome> {
  readonly entry: Entry;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** The queue is closed, or too much waits in it. */
export class CommitRefused extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'CommitRefused';
  }
}

/**
 * Lets entries share a commit, and so its flush to disk: those that arrive together, and those that arrive while another
 * commit is under way.
 */
export class CommitQueue<Entry, Outcome> {
  readonly #commit: (entries: readonly Entry[]) => Promise<readonly Outcome[]>;
  #waiting: Waiting<Entry, Outcome>[] = [];
  #committing: Promise<void> | undefined;
  #closed = false;

  /** @param commit writes all entries in one transaction and answers for each, or throws and has written none */
  constructor(commit: (entries: readonly Entry[]) => Promise<readonly Outcome[]>) {
    this.#commit = commit;
  }

  /**
   * Resolves when the entry is durable.
   * @throws CommitRefused, or what `commit` throws
   */
  add(entry: Entry): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new CommitRefused('the store is closed'));
      if (this.#waiting.length >= BACKLOG) return reject(new CommitRefused('too many records wait'));
      this.#waiting.push({ entry, resolve, reject });
      this.#committing ??= this.#commitAll();
    });
  }

  /** Waits until everything that was added is written or refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#committing;
  }

  async #commitAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#gather();
      await this.#commitGroup(this.#waiting.splice(0, GROUP));
    }
    this.#committing = undefined;
  }

  /** Waits for as long as each turn of the event loop brings more. */
  async #gather(): Promise<void> {
    let before = 0;
    while (this.#waiting.length > before && this.#waiting.length < GROUP) {
      before = this.#waiting.length;
      await nextTurn();
    }
  }

  async #commitGroup(group: readonly Waiting<Entry, Outcome>[]): Promise<void> {
    try {
      const outcomes = await this.#commit(group.map(({ entry }) => entry));
      group.forEach(({ resolve }, index) => resolve(outcomes[index] as Outcome));
    } catch (error) {
      if (group.length > 1 && isRefusedRow(error)) return this.#commitEach(group);
      // who waits behind this group would only wait for the same outage, one time-out after the other
      const failed = isRefusedRow(error) ? group : [...group, ...this.#waiting.splice(0)];
      for (const { reject } of failed) reject(error);
    }
  }

  /** A row that is refused is the fault of one entry alone. */
  async #commitEach(group: readonly Waiting<Entry, Outcome>[]): Promise<void> {
    for (const one of group) await this.#commitGroup([one]);
  }
}

function isRefusedRow(error: unknown): boolean {
  const { errcode, code } = error as { errcode?: unknown; code?: unknown };
  if (typeof errcode === 'number') return (errcode & 0xff) === SQLITE_CONSTRAINT;
  return typeof code === 'string' && code.startsWith(POSTGRES_CONSTRAINT);
}
