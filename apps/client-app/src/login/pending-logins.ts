import { createHmac, hash, hkdfSync, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { EncryptJWT, errors, jwtDecrypt } from 'jose';
import { randomNonce } from 'openid-client';
import { AuthorizationServerUnavailable } from '../authorization-server/authorization-server-unavailable.js';
import { PageError } from '../pages/page-error.js';
import { Settings } from '../settings.js';
import { CookieSecrets } from '../store/cookie-secrets.js';
import { RecordsUnavailable } from '../store/records-unavailable.js';
import { SharedRecords } from '../store/shared-records.js';
import { LoginCookies, type LoginCookie } from './login-cookies.js';
import type { StepUp } from './step-up.js';

/** A login that was begun and has not come back yet. */
export interface PendingLogin {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** The path to go on with. */
  readonly returnTo: string;
  /** What the user was asked to prove anew. RFC 9470 */
  readonly stepUp?: StepUp | undefined;
}

/** What the authorization server gives back unread. */
interface State {
  readonly nonce: string;
  readonly returnTo: string;
  readonly stepUp?: StepUp;
  /** The login, by the hash of the secret that its browser has. */
  readonly login: string;
}

/** Of one of the secrets that all replicas have. */
interface Keys {
  readonly state: Uint8Array;
  readonly verifier: Uint8Array;
}

/** Seconds. */
const PENDING_FOR = 600;
/** RFC 7518 §4.5, §5.3: the key itself encrypts, and what was changed does not open. */
const ENCRYPTION = { alg: 'dir', enc: 'A256GCM' };
/** What every state would begin with, and none does: it is no token, and is not to look like one in an address. */
const BEGINNING = `${Buffer.from(JSON.stringify(ENCRYPTION)).toString('base64url')}..`;

/**
 * Logins that were begun. What they are about travels in their state, encrypted (JWE, RFC 7516), and the browser that began one has a
 * short secret, from which the PKCE verifier follows: nobody else can bring it to its end, any replica can, once, and however many are
 * begun, nothing is kept here before they come back.
 */
@Injectable()
export class PendingLogins {
  /** The first are used, all are accepted. */
  readonly #keys: readonly [Keys, ...Keys[]];
  readonly #cookies: LoginCookies;

  constructor(
    { publicUrl }: Settings,
    { all: [first, ...others] }: CookieSecrets,
    private readonly records: SharedRecords,
  ) {
    this.#keys = [keysFrom(first), ...others.map(keysFrom)];
    this.#cookies = new LoginCookies(publicUrl, PENDING_FOR, records);
  }

  /** Begins a login: its secret goes to the browser. */
  async begin(request: Request, response: Response, returnTo: string, stepUp?: StepUp): Promise<PendingLogin> {
    const [keys] = this.#keys;
    const secret = randomBytes(16).toString('base64url');
    const asked = { nonce: randomNonce(), returnTo, ...(stepUp && { stepUp }) };
    const encrypted = await new EncryptJWT({ ...asked, login: loginOf(secret) } satisfies State)
      .setProtectedHeader(ENCRYPTION)
      .setExpirationTime(`${PENDING_FOR}s`)
      .encrypt(keys.state);
    const state = encrypted.slice(BEGINNING.length);
    await this.#cookies.add(request, response, secret);
    return { ...asked, state, codeVerifier: verifierOf(secret, keys) };
  }

  /** Whether this browser has begun the login of this state. */
  async has(request: Request, state: string): Promise<boolean> {
    return (await this.#find(request, state)) !== undefined;
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
    const found = await this.#find(request, state);
    if (!found) throw notPending();
    const { login, cookie, pending } = found;
    try {
      const result = await this.#once(login, () => redeem(pending));
      this.#cookies.end(request, response, cookie);
      return { result, pending };
    } catch (error) {
      if (!mayComeAgain(error)) this.#cookies.end(request, response, cookie);
      throw error;
    }
  }

  /** By the login: a state may be spelled in several ways. */
  async #once<Result extends { readonly subject: string }>(
    login: string,
    redeem: () => Promise<Result>,
  ): Promise<Result> {
    const until = await this.records.add('login', login, '', PENDING_FOR * 1000);
    if (until === undefined) throw notPending();
    try {
      const result = await redeem();
      await this.records.give('login', login, result.subject);
      return result;
    } catch (error) {
      // nobody has signed in: who has no account fills nothing. It ends by itself, too
      await this.records.remove('login', login, until).catch(() => undefined);
      throw error;
    }
  }

  async #find(
    request: Request,
    state: string,
  ): Promise<{ readonly login: string; readonly cookie: LoginCookie; readonly pending: PendingLogin } | undefined> {
    for (const keys of this.#keys) {
      const read = await decrypt(state, keys.state);
      if (!read) continue;
      const { login, nonce, returnTo, stepUp } = read;
      const cookie = this.#cookies.find(request, (secret) => loginOf(secret) === login);
      const pending = { state, nonce, returnTo, stepUp };
      return cookie && { login, cookie, pending: { ...pending, codeVerifier: verifierOf(cookie.secret, keys) } };
    }
    return undefined;
  }
}

function notPending(): PageError {
  return new PageError(
    400,
    'Please sign in again',
    'This sign-in has expired, was already used, or began in another browser.',
  );
}

/** Whether nothing is decided: the page tells to try again soon, and the browser can. */
function mayComeAgain(error: unknown): boolean {
  return error instanceof RecordsUnavailable || error instanceof AuthorizationServerUnavailable;
}

/** `undefined` for what is no JWE, was changed, has expired or is of another key. */
async function decrypt(state: string, key: Uint8Array): Promise<State | undefined> {
  const { alg, enc } = ENCRYPTION;
  const options = { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc], requiredClaims: ['exp'] };
  try {
    return (await jwtDecrypt<State & Record<string, unknown>>(BEGINNING + state, key, options)).payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

function loginOf(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

/** RFC 7636 §4.1: 256 bits, which nobody can tell who has only the secret of the browser or only the keys. */
function verifierOf(secret: string, { verifier }: Keys): string {
  return createHmac('sha256', verifier).update(secret).digest('base64url');
}

function keysFrom(secret: string): Keys {
  return { state: keyFrom(secret, 'states'), verifier: keyFrom(secret, 'code verifiers') };
}

/** 256 bits for one use and no other. RFC 5869 */
function keyFrom(secret: string, use: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', `${use} of client-app`, 32));
}
