import { setImmediate as nextTurn } from 'node:timers/promises';

/** Entries of one batch, and entries that may wait for one before more are refused. */
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
export class BatchRefused extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'BatchRefused';
  }
}

/**
 * Lets entries share a question to the database, or a commit and its flush to disk: those that arrive together, and those
 * that arrive while another batch is under way.
 */
export class BatchQueue<Entry, Outcome> {
  readonly #run: (entries: readonly Entry[]) => Promise<readonly Outcome[]>;
  #waiting: Waiting<Entry, Outcome>[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  /** @param run does the work for all entries and answers for each, or throws and has done nothing */
  constructor(run: (entries: readonly Entry[]) => Promise<readonly Outcome[]>) {
    this.#run = run;
  }

  /** @throws BatchRefused, or what the work throws */
  add(entry: Entry): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new BatchRefused('the store is closed'));
      if (this.#waiting.length >= BACKLOG) return reject(new BatchRefused('too much waits for the database'));
      this.#waiting.push({ entry, resolve, reject });
      this.#running ??= this.#runAll();
    });
  }

  /** Waits until everything that was added is done or refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #runAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#gather();
      await this.#runGroup(this.#waiting.splice(0, GROUP));
    }
    this.#running = undefined;
  }

  /** Waits for as long as each turn of the event loop brings more. */
  async #gather(): Promise<void> {
    let before = 0;
    while (this.#waiting.length > before && this.#waiting.length < GROUP) {
      before = this.#waiting.length;
      await nextTurn();
    }
  }

  async #runGroup(group: readonly Waiting<Entry, Outcome>[]): Promise<void> {
    try {
      const outcomes = await this.#run(group.map(({ entry }) => entry));
      group.forEach(({ resolve }, index) => resolve(outcomes[index] as Outcome));
    } catch (error) {
      if (group.length > 1 && isRefusedRow(error)) return this.#runEach(group);
      // who waits behind this group would only wait for the same outage, one time-out after the other
      const failed = isRefusedRow(error) ? group : [...group, ...this.#waiting.splice(0)];
      for (const { reject } of failed) reject(error);
    }
  }

  /** A row that is refused is the fault of one entry alone. */
  async #runEach(group: readonly Waiting<Entry, Outcome>[]): Promise<void> {
    for (const one of group) await this.#runGroup([one]);
  }
}

function isRefusedRow(error: unknown): boolean {
  const { errcode, code } = error as { errcode?: unknown; code?: unknown };
  if (typeof errcode === 'number') return (errcode & 0xff) === SQLITE_CONSTRAINT;
  return typeof code === 'string' && code.startsWith(POSTGRES_CONSTRAINT);
}
