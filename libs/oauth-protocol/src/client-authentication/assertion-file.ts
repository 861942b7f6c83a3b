import { readSmallFile } from '../settings/read-small-file.js';

/** Characters. Servers take no longer ones. */
const LONGEST = 8 * 1024;

/** Bytes of a file, with space around the assertion. */
const MOST_BYTES = 2 * LONGEST;

const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** The client assertion that the platform of a service keeps in a file cannot be used. The message names the file, never what is in it. */
export class AssertionUnreadable extends Error {
  constructor(
    readonly file: string,
    /** Such as `ENOENT`. */
    readonly reason: string,
  ) {
    super(`The client assertion in ${file} cannot be used: ${reason}`);
    this.name = 'AssertionUnreadable';
  }
}

/**
 * The client assertion in a file, such as the token that Kubernetes projects into a pod. To be read anew for each request: the
 * platform puts another into its place before it expires. RFC 7523 §2.2
 * @throws AssertionUnreadable when there is none
 */
export function readAssertion(file: string): string {
  const assertion = read(file).trim();
  if (assertion.length > LONGEST || !JWT.test(assertion)) throw new AssertionUnreadable(file, 'it is no JWT');
  return assertion;
}

function read(file: string): string {
  try {
    return readSmallFile(file, MOST_BYTES).toString();
  } catch (error) {
    throw new AssertionUnreadable(file, String((error as NodeJS.ErrnoException).code));
  }
}
