import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { TokenView } from '../../run/run.js';

/** Where the text of tokens is kept: nothing that prints or serializes a {@link LabToken} gets at it. */
const texts = new WeakMap<LabToken, string>();

/** A token that an experiment holds. */
export class LabToken {
  constructor(
    text: string,
    readonly view: TokenView,
  ) {
    texts.set(this, text);
  }
}

/** The token itself, to be sent. */
export function textOf(token: LabToken): string {
  return texts.get(token)!;
}

/** Anything that looks like a JWT. */
const JWT = /eyJ[\w-]{8,}(\.[\w-]*){1,4}/g;
/** Stands for a token that nobody has named. */
const UNNAMED = '$TOKEN';

/** Names the tokens of a run in the order in which they appear, and takes them, and secrets, out of everything that is shown. */
export class TokenNames {
  readonly #tokens = new Map<string, LabToken>();
  readonly #secrets = new Map<string, string>();

  name(text: string): LabToken {
    const known = this.#tokens.get(text);
    if (known) return known;
    const letter = letterOf(this.#tokens.size);
    const view = { name: `Token ${letter}`, placeholder: `$TOKEN_${letter}`, ...decoded(text) };
    const token = new LabToken(text, view);
    this.#tokens.set(text, token);
    return token;
  }

  /** From now on `placeholder` stands where this secret would. */
  hide(secret: string, placeholder: string): void {
    if (secret !== '') this.#secrets.set(secret, placeholder);
  }

  get views(): readonly TokenView[] {
    return [...this.#tokens.values()].map(({ view }) => view);
  }

  /** The text without tokens and secrets. */
  redact(text: string): string {
    let told = text;
    for (const [token, { view }] of this.#tokens) told = told.replaceAll(token, view.placeholder);
    for (const [secret, placeholder] of this.#secrets) told = told.replaceAll(secret, placeholder);
    return told.replace(JWT, UNNAMED);
  }
}

/** A to Z, then A1 and so on. */
function letterOf(index: number): string {
  const letter = String.fromCharCode('A'.charCodeAt(0) + (index % 26));
  return index < 26 ? letter : `${letter}${Math.floor(index / 26)}`;
}

function decoded(text: string): Pick<TokenView, 'header' | 'claims'> {
  try {
    return { header: { ...decodeProtectedHeader(text) }, claims: decodeJwt(text) };
  } catch {
    // a token that only its server can read
    return { header: {}, claims: {} };
  }
}
