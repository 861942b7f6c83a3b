import { hash, hkdfSync } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { CookieOptions, Request, Response } from 'express';
import { EncryptJWT, errors, jwtDecrypt } from 'jose';
import { randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client';
import { PageError } from '../pages/page-error.js';
import { Settings } from '../settings.js';
import { CookieSecrets } from '../store/cookie-secrets.js';
import { SharedRecords } from '../store/shared-records.js';
import type { StepUp } from './step-up.js';

/** A login that was begun and has not come back yet. */
export interface PendingLogin {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** The path to go on with. */
  readonly returnTo: string;
  /** What the user was asked to prove anew. RFC 9470 */
  readonly stepUp?: StepUp;
}

/** Tabs in which a login may be under way at a time. */
const MAX_PENDING = 5;
/** Seconds. */
const PENDING_FOR = 600;
/** RFC 7518 §4.5, §5.3: the key itself encrypts, and what was changed does not open. */
const ENCRYPTION = { alg: 'dir', enc: 'A256GCM' };

/**
 * Logins that were begun, each kept in an encrypted cookie of the browser that began it (JWE, RFC 7516): nobody else can bring it to its
 * end, any replica can, once, and however many are begun, nothing is kept here before they come back.
 */
@Injectable()
export class PendingLogins {
  /** The first encrypts, all decrypt. */
  readonly #keys: readonly [Uint8Array, ...Uint8Array[]];
  readonly #prefix: string;
  readonly #options: CookieOptions;

  constructor(
    { publicUrl }: Settings,
    { all: [first, ...others] }: CookieSecrets,
    private readonly records: SharedRecords,
  ) {
    const secure = publicUrl.startsWith('https:');
    this.#keys = [keyFrom(first), ...others.map(keyFrom)];
    this.#prefix = `${secure ? '__Host-' : ''}client-app.login.`;
    this.#options = { httpOnly: true, sameSite: 'lax', secure, path: '/' };
  }

  /** Begins a login: its cookie goes to the browser; of too many, the oldest go. */
  async begin(request: Request, response: Response, returnTo: string, stepUp?: StepUp): Promise<PendingLogin> {
    const others = [...this.#cookies(request).keys()];
    for (const name of others.slice(0, Math.max(others.length + 1 - MAX_PENDING, 0))) this.#clear(response, name);
    const secrets = { state: randomState(), nonce: randomNonce(), codeVerifier: randomPKCECodeVerifier() };
    const pending = { ...secrets, returnTo, ...(stepUp && { stepUp }) };
    const value = await new EncryptJWT({ ...pending })
      .setProtectedHeader(ENCRYPTION)
      .setExpirationTime(`${PENDING_FOR}s`)
      .encrypt(this.#keys[0]);
    response.cookie(this.#name(pending.state), value, { ...this.#options, maxAge: PENDING_FOR * 1000 });
    return pending;
  }

  /** Whether this browser has begun the login of this state. */
  async has(request: Request, state: string): Promise<boolean> {
    return (await this.#read(request, state)) !== undefined;
  }

  /**
   * Brings a login to its end, once. What is kept of it belongs to the account then; of one that fails nothing is kept.
   * @param redeem gets what was asked for, with the account that has signed in as its subject
   * @throws PageError when this browser has not begun it, or too long ago, or it has come back before
   */
  async redeem<Result extends { readonly subject: string }>(
    request: Request,
    response: Response,
    state: string,
    redeem: (pending: PendingLogin) => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly pending: PendingLogin }> {
    const pending = await this.#read(request, state);
    if (!pending) throw notPending();
    this.#clear(response, this.#name(state));
    const until = await this.records.add('login', state, '', PENDING_FOR * 1000);
    if (until === undefined) throw notPending();
    try {
      const result = await redeem(pending);
      await this.records.give('login', state, result.subject);
      return { result, pending };
    } catch (error) {
      // nobody has signed in: who has no account fills nothing. It ends by itself, too
      await this.records.remove('login', state, until).catch(() => undefined);
      throw error;
    }
  }

  async #read(request: Request, state: string): Promise<PendingLogin | undefined> {
    const value = this.#cookies(request).get(this.#name(state));
    if (value === undefined) return undefined;
    for (const key of this.#keys) {
      const pending = await decrypt(value, key);
      if (pending?.state === state) return pending;
    }
    return undefined;
  }

  /** The cookies of logins, in the order in which the browser tells them. RFC 6265 §5.4: the oldest first */
  #cookies({ headers }: Request): ReadonlyMap<string, string> {
    const pairs = (headers.cookie ?? '').split(/; */).map((pair) => pair.split('=', 2) as [string, string?]);
    return new Map(pairs.flatMap(([name, value = '']) => (name.startsWith(this.#prefix) ? [[name, value]] : [])));
  }

  #name(state: string): string {
    return this.#prefix + hash('sha256', state, 'base64url').slice(0, 16);
  }

  #clear(response: Response, name: string): void {
    response.clearCookie(name, this.#options);
  }
}

function notPending(): PageError {
  return new PageError(
    400,
    'Please sign in again',
    'This sign-in has expired, was already used, or began in another browser.',
  );
}

/** `undefined` for what is no JWE, was changed, has expired or is of another key. */
async function decrypt(value: string, key: Uint8Array): Promise<PendingLogin | undefined> {
  const { alg, enc } = ENCRYPTION;
  const options = { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc], requiredClaims: ['exp'] };
  try {
    return (await jwtDecrypt<PendingLogin & Record<string, unknown>>(value, key, options)).payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/** 256 bits for this use and no other. RFC 5869 */
function keyFrom(secret: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', 'logins of client-app', 32));
}
