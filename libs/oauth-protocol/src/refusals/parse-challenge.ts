/** Of a header that is longer, the rest is not read. Characters. */
const MAX_LENGTH = 8192;
const SCHEME = /(?:^|,\s*)(?:bearer|dpop)(?=\s|,|$)/gi;
const QUOTED = /"(?:[^"\\]|\\.)*"/g;
const PARAMETER = /([a-z0-9!#$%&'*+.^_`|~-]{1,64})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi;

/**
 * The auth-params of the Bearer or DPoP challenge in a `WWW-Authenticate` header, names in lower case; `undefined` without such a
 * challenge. RFC 9110 §11.6.1, RFC 6750 §3, RFC 9449 §7.1.
 */
export function parseChallenge(header: string | undefined): ReadonlyMap<string, string> | undefined {
  const challenges = splitChallenges((header ?? '').slice(0, MAX_LENGTH)).map(readParameters);
  // an error code stands in one challenge only; the others are offers
  return challenges.find((challenge) => challenge.has('error')) ?? challenges[0];
}

function splitChallenges(header: string): string[] {
  // what stands in quotes begins no challenge
  const outside = header.replace(QUOTED, (quoted) => '"'.repeat(quoted.length));
  const starts = [...outside.matchAll(SCHEME)].map((match) => match.index);
  return starts.map((start, index) => header.slice(start, starts[index + 1]));
}

function readParameters(challenge: string): ReadonlyMap<string, string> {
  const pairs = [...challenge.matchAll(PARAMETER)];
  return new Map(pairs.map(([, name, quoted, bare]) => [String(name).toLowerCase(), unquoted(quoted) ?? String(bare)]));
}

// RFC 9110 §5.6.4
function unquoted(text: string | undefined): string | undefined {
  return text?.replace(/\\(.)/g, '$1');
}
