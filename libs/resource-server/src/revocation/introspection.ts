import { Logger } from '@nestjs/common';
import { proxiedFetch, readBounded, type VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { formatBasicCredentials, stillHolds, type Clock } from '@onbehalf/oauth-protocol';
import { createHash } from 'node:crypto';
import { RevocationUnknown, type ClientCredentials, type OnOutage, type RevocationCheck } from './revocation-check.js';

/** Asks the authorization server about each token. RFC 7662. */
export interface IntrospectionSettings {
  /** Whose tokens the endpoint knows. */
  readonly issuer: string;
  readonly endpoint: string;
  readonly client: ClientCredentials;
  /** Seconds that an answer is kept; a revoked token may be accepted this long. */
  readonly cacheFor: number;
  /** Answers that are kept. */
  readonly maxEntries: number;
  /** Milliseconds. */
  readonly timeout: number;
  readonly onOutage: OnOutage;
  readonly clock: Clock;
  /** Told the outcome of each call. */
  readonly report?: (failure: unknown) => void;
}

const MAX_ANSWER_BYTES = 64 * 1024;

/** Seconds for which a failing endpoint is left alone. */
const PAUSE = 1;

/** No token; asked about to see whether the endpoint answers again. RFC 7662 §2.2 calls it not active. */
const PROBE = 'probe';

interface Answer {
  readonly active: Promise<boolean>;
  /** Seconds since the epoch. */
  readonly askedAt: number;
}

/** Revocation by token introspection: one call per token and `cacheFor` seconds, shared by concurrent requests. */
export class Introspection implements RevocationCheck {
  readonly #settings: IntrospectionSettings;
  readonly #answers = new Map<string, Answer>();
  #failedAt = -Infinity;
  #isOut = false;
  #hasAnswered = false;

  constructor(settings: IntrospectionSettings) {
    this.#settings = settings;
  }

  async objection({ token, issuer }: VerifiedAccessToken): Promise<string | undefined> {
    // another server knows nothing of the token, and would call it inactive
    if (issuer !== this.#settings.issuer) return undefined;
    try {
      // RFC 7662 §2.2: revoked, expired, unknown to the server, or none of this client's business
      return (await this.#isActive(token)) ? undefined : 'The authorization server says that the token is not active';
    } catch (error) {
      if (this.#settings.onOutage === 'accept') return undefined;
      throw new RevocationUnknown(PAUSE, { cause: error });
    }
  }

  /** Requests find out that the endpoint is out; while they are kept away, this finds out that it is back. */
  async ready(): Promise<void> {
    if (!this.#isOut || this.#settings.onOutage === 'accept') return;
    try {
      await this.#observe(PROBE);
    } catch (error) {
      throw new RevocationUnknown(PAUSE, { cause: error });
    }
  }

  #isActive(token: string): Promise<boolean> {
    const { clock, cacheFor } = this.#settings;
    const now = clock();
    const key = createHash('sha256').update(token).digest('base64url');
    const known = this.#answers.get(key);
    if (known && stillHolds(known.askedAt, cacheFor, now)) return known.active;
    if (stillHolds(this.#failedAt, PAUSE, now))
      return Promise.reject(new Error('the introspection endpoint has just failed'));
    const active = this.#observe(token);
    this.#remember(key, { active, askedAt: now });
    active.then(
      (isActive) => this.#hint(isActive),
      () => this.#answers.delete(key),
    );
    return active;
  }

  /** Asks, and notes whether the endpoint is out. */
  async #observe(token: string): Promise<boolean> {
    try {
      const isActive = await this.#ask(token);
      this.#isOut = false;
      this.#settings.report?.(undefined);
      return isActive;
    } catch (error) {
      this.#isOut = true;
      this.#failedAt = this.#settings.clock();
      this.#settings.report?.(error);
      throw error;
    }
  }

  #hint(isActive: boolean): void {
    if (!isActive && !this.#hasAnswered) {
      const { endpoint, client } = this.#settings;
      const hint = `at Keycloak, "${client.clientId}" must be in aud of the tokens that it asks about`;
      new Logger('ResourceServerModule').warn(`${endpoint} called the first token not active: ${hint}`);
    }
    this.#hasAnswered = true;
  }

  #remember(key: string, answer: Answer): void {
    this.#answers.delete(key);
    if (this.#answers.size >= this.#settings.maxEntries) {
      // the oldest answer is the first that would expire
      const [oldest] = this.#answers.keys();
      this.#answers.delete(oldest!);
    }
    this.#answers.set(key, answer);
  }

  async #ask(token: string): Promise<boolean> {
    const { endpoint, client, timeout } = this.#settings;
    const response = await proxiedFetch(endpoint, {
      method: 'POST',
      headers: {
        authorization: formatBasicCredentials(client.clientId, client.clientSecret),
        accept: 'application/json',
      },
      // RFC 7662 §2.1
      body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeout),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      const refused = response.status === 401 ? `, so it does not take the credentials of "${client.clientId}"` : '';
      throw new Error(`${endpoint} answered with status ${response.status}${refused}`);
    }
    const answer = JSON.parse(await readBounded(response, MAX_ANSWER_BYTES)) as { active?: unknown } | null;
    if (typeof answer?.active !== 'boolean') throw new Error(`${endpoint} did not say whether the token is active`);
    return answer.active;
  }
}
