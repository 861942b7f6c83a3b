import { asText } from '../../run/as-text.js';
import type { LabToken } from './token-names.js';

/** What a server answered. */
export class Answer {
  constructor(
    /** 0 when there was no answer. */
    readonly status: number,
    private readonly json: Readonly<Record<string, unknown>>,
    /** The token that it brought. */
    readonly token?: LabToken,
    /** The version of what was asked for. RFC 9110 §8.8.3 */
    readonly etag?: string,
  ) {}

  /** A member of the JSON body as text; empty when there is none. */
  text(name: string): string {
    return asText(this.json[name]);
  }

  /** A member of the JSON body that is a list, each as text. */
  texts(name: string): readonly string[] {
    const value = this.json[name];
    return Array.isArray(value) ? value.map(asText) : [];
  }

  /** Why it was refused, in the words of the server; or that it was not. RFC 6749 §5.2 */
  get refusal(): string {
    if (this.status >= 200 && this.status < 300) return 'It was granted.';
    const [error, description] = [this.text('error'), this.text('error_description')];
    return error === '' ? `It answered ${this.status}.` : `${error}: ${description}`;
  }
}
