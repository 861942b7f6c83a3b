import { InvalidCursor } from '@onbehalf/authorization-ports';
import type { Epoch } from './epoch.js';

type Position = readonly (string | number)[];
type MemberType = 'string' | 'number';

/** Places after which the next page begins, opaque to their readers. They are those of one epoch of the database. */
export class Cursors {
  readonly #epoch: Epoch;

  constructor(epoch: Epoch) {
    this.#epoch = epoch;
  }

  async encode(position: Position): Promise<string> {
    return Buffer.from(JSON.stringify([await this.#epoch.now(), ...position])).toString('base64url');
  }

  /**
   * @param types the types of the position's members, in order
   * @throws InvalidCursor for what is no cursor, or one of another epoch
   */
  async decode<Result extends Position>(cursor: string, types: readonly MemberType[]): Promise<Result> {
    const [epoch, ...position] = parse(cursor);
    const matches =
      position.length === types.length && position.every((member: unknown, index) => typeof member === types[index]);
    if (!matches || epoch !== (await this.#epoch.now())) throw new InvalidCursor();
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
