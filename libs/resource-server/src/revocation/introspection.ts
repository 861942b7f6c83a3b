import { readBounded, type VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { formatBasicCredentials, type Clock } from '@onbehalf/oauth-protocol';
import { createHash } from 'node:crypto';
import { RevocationUnknown, type ClientCredentials, type OnOutage, type RevocationCheck } from './revocation-check.js';

/** Asks the authorization server about each token. RFC 7662. */
export interface IntrospectionSettings {
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
}

const MAX_ANSWER_BYTES = 64 * 1024;

/** Seconds for which a failing endpoint is left alone. */
const PAUSE = 1;

interface Answer {
  readonly active: Promise<boolean>;
  readonly expiresAt: number;
}

/** Revocation by token introspection: one call per token and `cacheFor` seconds, shared by concurrent requests. */
export class Introspection implements RevocationCheck {
  readonly #settings: IntrospectionSettings;
  readonly #answers = new Map<string, Answer>();
  #pausedUntil = 0;

  constructor(settings: IntrospectionSettings) {
    this.#settings = settings;
  }

  async isRevoked({ token }: VerifiedAccessToken): Promise<boolean> {
    try {
      return !(await this.#isActive(token));
    } catch (error) {
      if (this.#settings.onOutage === 'accept') return false;
      throw new RevocationUnknown(PAUSE, { cause: error });
    }
  }

  #isActive(token: string): Promise<boolean> {
    const { clock, cacheFor } = this.#settings;
    const now = clock();
    const key = createHash('sha256').update(token).digest('base64url');
    const known = this.#answers.get(key);
    if (known && now < known.expiresAt) return known.active;
    if (now < this.#pausedUntil) return Promise.reject(new Error('the introspection endpoint has just failed'));
    const active = this.#ask(token);
    this.#remember(key, { active, expiresAt: now + cacheFor });
    active.catch(() => {
      this.#answers.delete(key);
      this.#pausedUntil = clock() + PAUSE;
    });
    return active;
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
    const response = await fetch(endpoint, {
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
      throw new Error(`the introspection endpoint answered with status ${response.status}`);
    }
    const answer = JSON.parse(await readBounded(response, MAX_ANSWER_BYTES)) as { active?: unknown } | null;
    if (typeof answer?.active !== 'boolean') throw new Error('the introspection endpoint gave no answer');
    return answer.active;
  }
}
