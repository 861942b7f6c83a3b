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

/** Work that shares nothing; it never rejects. */
interface Alone {
  readonly work: () => Promise<void>;
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
  #waiting: (Waiting<Entry, Outcome> | Alone)[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  /** @param run does the work for all entries and answers for each, or throws and has done nothing */
  constructor(run: (entries: readonly Entry[]) => Promise<readonly Outcome[]>) {
    this.#run = run;
  }

  /** @throws BatchRefused, or what the work throws */
  add(entry: Entry): Promise<Outcome> {
    return new Promise((resolve, reject) => this.#enqueue({ entry, resolve, reject }));
  }

  /**
   * Runs work in its turn, with no batch beside it. What it throws is its own fault: nobody else fails for it.
   * @throws BatchRefused, or what the work throws
   */
  alone<Result>(work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#enqueue({ work: () => work().then(resolve, reject), reject });
    });
  }

  /** Waits until everything that was added is done or refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  #enqueue(waiting: Waiting<Entry, Outcome> | Alone): void {
    if (this.#closed) return waiting.reject(new BatchRefused('the store is closed'));
    if (this.#waiting.length >= BACKLOG) return waiting.reject(new BatchRefused('too much waits for the database'));
    this.#waiting.push(waiting);
    this.#running ??= this.#runAll();
  }

  async #runAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#gather();
      await this.#runNext();
    }
    this.#running = undefined;
  }

  async #runNext(): Promise<void> {
    const group: Waiting<Entry, Outcome>[] = [];
    for (const next of this.#waiting.slice(0, GROUP)) {
      if ('entry' in next) group.push(next);
      else if (group.length > 0) break;
      else return (this.#waiting.shift() as Alone).work();
    }
    this.#waiting.splice(0, group.length);
    await this.#runGroup(group);
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
