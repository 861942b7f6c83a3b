import { InvalidCursor } from '@onbehalf/authorization-ports';

type Position = readonly (string | number)[];

/** The place after which the next page begins, opaque to its reader. */
export function encodeCursor(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * @param types the types of the position's members, in order
 * @throws InvalidCursor
 */
export function decodeCursor<Result extends Position>(cursor: string, types: readonly ('string' | 'number')[]): Result {
  let position: unknown;
  try {
    position = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    throw new InvalidCursor();
  }
  const matches =
    Array.isArray(position) &&
    position.length === types.length &&
    position.every((member: unknown, index) => typeof member === types[index]);
  if (!matches) throw new InvalidCursor();
  return position as Result;
}
