import { proxiedFetch, readBounded, type VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { formatBasicCredentials, type Clock } from '@onbehalf/oauth-protocol';
import { clientAssertion, type ClientKey, type ClientWorkload } from './client-assertion.js';
import { RevocationUnknown, type ClientCredentials, type OnOutage, type RevocationCheck } from './revocation-check.js';
import { revocationKey, RevokedTokens } from './revoked-tokens.js';

/** Polls a list of revoked tokens, so that no request waits for the authorization server. */
export interface RevocationFeedSettings {
  readonly url: string;
  /** The issuer of entries that name none. */
  readonly issuer: string;
  readonly client?: ClientCredentials | ClientKey | ClientWorkload;
  /** Seconds between two polls. */
  readonly interval: number;
  /** Seconds without a successful poll after which the feed counts as out. */
  readonly maxAge: number;
  /** Milliseconds for one poll. */
  readonly timeout: number;
  /** Claim with the `jti` of the token that this one descends from, for servers that list roots only. */
  readonly rootClaim?: string;
  readonly onOutage: OnOutage;
  readonly clock: Clock;
  /** Seconds of a clock that nobody sets; instead of that of the process, for tests. */
  readonly uptime?: () => number;
  /** Told the outcome of each poll. */
  readonly report?: (failure: unknown) => void;
}

const MAX_PAGE_BYTES = 1024 * 1024;

/** Pages that are read in one poll; the rest follows in the next. */
const MAX_PAGES = 100;

/**
 * A feed of revoked tokens: `GET url` answers `{"tokens":[{"iss"?,"jti","exp"}],"cursor"?}` with an ETag. With a cursor the
 * next poll asks `?since=cursor` and gets what came after; without one the answer is the whole list. A client with an assertion
 * sends the same by POST, as a form.
 */
export class RevocationFeed implements RevocationCheck {
  readonly #settings: RevocationFeedSettings;
  readonly #revoked: RevokedTokens;
  #etag: string | undefined;
  #cursor: string | undefined;
  #polledAt = -Infinity;
  #polledUptime = -Infinity;
  #polling: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: RevocationFeedSettings) {
    this.#settings = settings;
    this.#revoked = new RevokedTokens(settings.clock);
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.poll(), this.#settings.interval * 1000).unref();
    void this.poll();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async objection(token: VerifiedAccessToken): Promise<string | undefined> {
    return (await this.#isRevoked(token)) ? 'The token has been revoked' : undefined;
  }

  async #isRevoked({ issuer, jwtId, claims }: VerifiedAccessToken): Promise<boolean> {
    const { rootClaim } = this.#settings;
    // the first request after the start may come before the first answer
    if (this.#polledAt === -Infinity) await this.#polling;
    if (this.#revoked.has(revocationKey(issuer, jwtId))) return true;
    const root = rootClaim === undefined ? undefined : claims[rootClaim];
    if (typeof root === 'string' && this.#revoked.has(revocationKey(issuer, root))) return true;
    this.#refuseWhenOut();
    return false;
  }

  async ready(): Promise<void> {
    if (this.#isOut()) await this.poll();
    this.#refuseWhenOut();
  }

  /** One poll, shared by concurrent callers. Never rejects: a failure shows in the age of the last success. */
  poll(): Promise<void> {
    const report = this.#settings.report ?? (() => undefined);
    this.#polling ??= this.#poll()
      .then(() => report(undefined), report)
      .finally(() => (this.#polling = undefined));
    return this.#polling;
  }

  #uptime(): number {
    const { uptime = () => performance.now() / 1000 } = this.#settings;
    return uptime();
  }

  #isOut(): boolean {
    const { clock, maxAge } = this.#settings;
    // a clock may be set back, and a clock that nobody sets may stand still while the machine sleeps
    return Math.max(Math.abs(clock() - this.#polledAt), this.#uptime() - this.#polledUptime) > maxAge;
  }

  #refuseWhenOut(): void {
    const { onOutage, interval } = this.#settings;
    if (onOutage === 'refuse' && this.#isOut()) throw new RevocationUnknown(interval);
  }

  async #poll(): Promise<void> {
    if (this.#revoked.forgotTooEarly) this.#beginAgain();
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const before = this.#cursor;
      const isComplete = await this.#readPage();
      if (isComplete || this.#cursor === before) break;
    }
    this.#polledAt = this.#settings.clock();
    this.#polledUptime = this.#uptime();
  }

  /** @returns whether there is nothing more to read */
  async #readPage(): Promise<boolean> {
    const { issuer } = this.#settings;
    const response = await this.#ask();
    if (response.status === 304) return true;
    if (response.status !== 200) {
      await response.body?.cancel();
      // a cursor that the server does not know any more: from the beginning then
      this.#beginAgain();
      const { url, client } = this.#settings;
      const isRefused = response.status === 401 && client !== undefined;
      const hint = isRefused ? `, so it does not take the credentials of "${client.clientId}"` : '';
      throw new Error(`${url} answered with status ${response.status}${hint}`);
    }
    const { tokens, cursor } = readPage(JSON.parse(await readBounded(response, MAX_PAGE_BYTES)), issuer);
    if (cursor === undefined) this.#revoked.clear();
    this.#revoked.add(tokens);
    // an ETag belongs to one URL
    this.#etag = cursor === this.#cursor ? (response.headers.get('etag') ?? undefined) : undefined;
    this.#cursor = cursor;
    return tokens.length === 0 || cursor === undefined;
  }

  /** The next answer is the whole list. */
  #beginAgain(): void {
    this.#cursor = undefined;
    this.#etag = undefined;
  }

  async #ask(): Promise<Response> {
    const { url, client, timeout, issuer, clock } = this.#settings;
    const common = { redirect: 'error', signal: AbortSignal.timeout(timeout) } as const;
    const accept = { accept: 'application/json' };
    const target = new URL(url);
    if (client && !('clientSecret' in client)) {
      // an assertion has no place in a URL
      const form = await clientAssertion(client, issuer, clock);
      if (this.#cursor !== undefined) form.set('since', this.#cursor);
      return proxiedFetch(target, { ...common, method: 'POST', headers: accept, body: form });
    }
    if (this.#cursor !== undefined) target.searchParams.set('since', this.#cursor);
    const headers = {
      ...accept,
      ...(this.#etag && { 'if-none-match': this.#etag }),
      ...(client && { authorization: formatBasicCredentials(client.clientId, client.clientSecret) }),
    };
    return proxiedFetch(target, { ...common, headers });
  }
}

interface FeedPage {
  readonly tokens: readonly (readonly [key: string, expiresAt: number])[];
  readonly cursor: string | undefined;
}

function readPage(document: unknown, issuer: string): FeedPage {
  const { tokens, cursor } = (document ?? {}) as Record<string, unknown>;
  if (!Array.isArray(tokens) || (cursor !== undefined && typeof cursor !== 'string')) {
    throw new Error('the revocation feed is malformed');
  }
  return { tokens: tokens.map((token: unknown) => readEntry(token, issuer)), cursor };
}

function readEntry(entry: unknown, issuer: string): readonly [string, number] {
  const { iss = issuer, jti, exp } = (entry ?? {}) as Record<string, unknown>;
  if (typeof iss !== 'string' || typeof jti !== 'string' || typeof exp !== 'number') {
    throw new Error('the revocation feed is malformed');
  }
  return [revocationKey(iss, jti), exp];
}
