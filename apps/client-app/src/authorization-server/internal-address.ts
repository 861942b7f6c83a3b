/**
 * In containers, browsers and services reach the authorization server at different addresses: its metadata speaks of
 * the one, this app must call the other.
 */
export class InternalAddress {
  readonly #public: string;
  readonly #internal: string;

  /** @param internal where this app reaches the server; absent: where everybody does */
  constructor(issuer: string, internal: string = issuer) {
    this.#public = withoutSlash(issuer);
    this.#internal = withoutSlash(internal);
  }

  /** The address that this app calls instead of `url`. */
  toInternal(url: string): string {
    return replaceBase(url, this.#public, this.#internal);
  }

  /** The address that browsers are sent to instead of `url`: some servers build their metadata from the address called. */
  toPublic(url: string): string {
    return replaceBase(url, this.#internal, this.#public);
  }
}

function replaceBase(url: string, from: string, to: string): string {
  const rest = url.slice(from.length);
  return url.startsWith(from) && /^($|[/?#])/.test(rest) ? to + rest : url;
}

function withoutSlash(url: string): string {
  return url.replace(/\/$/, '');
}
