import { InvalidCursor } from '@onbehalf/authorization-ports';
import type { Epoch } from './epoch.js';

type Position = readonly (string | number)[];
type MemberType = 'string' | 'number';

/** Gives the cursors of one read, so that the database tells its epoch once for it. */
export class Cursors {
  readonly #epoch: Epoch;

  constructor(epoch: Epoch) {
    this.#epoch = epoch;
  }

  async now(): Promise<EpochCursors> {
    return new EpochCursors(await this.#epoch.now());
  }
}

/** Places after which the next page begins, opaque to their readers. They are those of one epoch of the database. */
export class EpochCursors {
  readonly #epoch: string;

  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  encode(position: Position): string {
    return Buffer.from(JSON.stringify([this.#epoch, ...position])).toString('base64url');
  }

  /**
   * @param types the types of the position's members, in order
   * @throws InvalidCursor for what is no cursor, or one of another epoch
   */
  decode<Result extends Position>(cursor: string, types: readonly MemberType[]): Result {
    const [epoch, ...position] = parse(cursor);
    const matches =
      position.length === types.length && position.every((member: unknown, index) => typeof member === types[index]);
    if (!matches || epoch !== this.#epoch) throw new InvalidCursor();
    return position as readonly unknown[] as Result;
  }
}

function parse(cursor: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parsed)) return parsed;
  } catch {
    // told below
  }
  throw new InvalidCursor();
}
