import { context, propagation } from '@opentelemetry/api';
import { readBounded } from '@onbehalf/jwt-verification';
import { clientAssertionParameters, readAssertion } from '@onbehalf/oauth-protocol';
import type { Message, Pair, ReceivedAnswer } from '../../run/run.js';
import type { ClientWithSecret, WorkloadClient } from './addresses.js';
import { textOf, type LabToken, type TokenNames } from './token-names.js';

/** Milliseconds for one answer. */
const TIMEOUT = 10_000;
const MAX_BYTES = 64 * 1024;
/** The headers of an answer that say something about it. */
const TOLD = ['www-authenticate', 'content-type', 'dpop-nonce', 'retry-after', 'server-timing'];

/** A request as an experiment sends it: tokens in it are {@link LabToken}s, so that what is shown can name them. */
export interface Sending {
  readonly from: string;
  readonly to: string;
  readonly what: string;
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: readonly (readonly [string, string | LabToken])[];
  /** Goes into the Authorization header, by this scheme. Default `Bearer`. */
  readonly token?: LabToken;
  readonly scheme?: 'Bearer' | 'DPoP';
  /** The client that asks: by Basic, or by what its platform has put into a file. */
  readonly client?: ClientWithSecret | WorkloadClient;
  /** The token that it is about, when that is not the one in the Authorization header. */
  readonly about?: LabToken;
}

export interface Received {
  readonly message: Message;
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
  readonly token?: LabToken;
  readonly etag?: string;
}

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Sends the requests of a run over real HTTP, measures them, and keeps what may be shown of them. */
export class Wire {
  readonly #begun = performance.now();

  constructor(
    private readonly names: TokenNames,
    private readonly fetch: Fetch,
  ) {}

  /** Milliseconds since the run began. */
  get now(): number {
    return performance.now() - this.#begun;
  }

  async send(sending: Sending): Promise<Received> {
    const { from, to, what, url, token, about = token } = sending;
    const form = sending.form && [...sending.form, ...this.#assertionOf(sending)];
    const method = sending.method ?? (form ? 'POST' : 'GET');
    const headers = this.#headers(sending);
    const body = form && new URLSearchParams(form.map(([name, value]) => [name, plain(value)]));
    const startedAt = this.now;
    const request = { method, url, headers: this.#shown(headers), ...(form && { form: this.#shown([...body!]) }) };
    const told = { from, to, what, startedAt, request, ...(about && { presented: about.view.name }) };
    const sent = Object.fromEntries(headers);
    propagation.inject(context.active(), sent);
    try {
      const options = {
        method,
        headers: sent,
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT),
      } as const;
      const response = await this.fetch(url, options);
      const text = await readBounded(response, MAX_BYTES);
      const duration = this.now - startedAt;
      const json = parse(text);
      const issued = this.#issuedIn(json);
      const answer = this.#answer(response, text, json);
      const message = { ...told, duration, answer, ...(issued && { issued: issued.view.name }) };
      const etag = response.headers.get('etag') ?? undefined;
      return { message, status: response.status, json, ...(issued && { token: issued }), ...(etag && { etag }) };
    } catch (error) {
      const duration = this.now - startedAt;
      const failure = this.names.redact(error instanceof Error ? error.message : String(error));
      return { message: { ...told, duration, failure }, status: 0, json: {} };
    }
  }

  #headers({ token, scheme = 'Bearer', client, headers = {} }: Sending): Pair[] {
    const authorization: Pair[] = [];
    if (token) authorization.push(['Authorization', `${scheme} ${textOf(token)}`]);
    if (client && 'secret' in client) {
      const credentials = Buffer.from(`${client.id}:${client.secret}`).toString('base64');
      this.names.hide(credentials, `${client.id}:$SECRET`);
      this.names.hide(client.secret, '$SECRET');
      authorization.push(['Authorization', `Basic ${credentials}`]);
    }
    return [...authorization, ['Accept', 'application/json'], ...Object.entries(headers)];
  }

  #assertionOf({ client }: Sending): readonly Pair[] {
    if (!client || 'secret' in client) return [];
    const assertion = readAssertion(client.assertionFile);
    this.names.hide(assertion, '$CLIENT_ASSERTION');
    return [...clientAssertionParameters(client.id, assertion)];
  }

  #shown(pairs: readonly Pair[]): readonly Pair[] {
    return pairs.map(([name, value]) => [name, this.names.redact(value)]);
  }

  // RFC 6749 §5.1: whatever is a token in the answer is named before anything is shown of it
  #issuedIn(json: Readonly<Record<string, unknown>>): LabToken | undefined {
    const { access_token: token, refresh_token: refreshToken } = json;
    if (typeof refreshToken === 'string') this.names.hide(refreshToken, '$REFRESH_TOKEN');
    return typeof token === 'string' ? this.names.name(token) : undefined;
  }

  #answer({ status, headers }: Response, text: string, json: object): ReceivedAnswer {
    const body = Object.keys(json).length > 0 ? JSON.stringify(json, null, 2) : text;
    const told = TOLD.flatMap((name): Pair[] => (headers.has(name) ? [[name, headers.get(name)!]] : []));
    return { status, headers: this.#shown(told), body: this.names.redact(body) };
  }
}

function plain(value: string | LabToken): string {
  return typeof value === 'string' ? value : textOf(value);
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}
