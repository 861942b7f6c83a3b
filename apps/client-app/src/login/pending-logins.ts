import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { CookieOptions, Request, Response } from 'express';
import { randomState } from 'openid-client';
import { PageError } from '../pages/page-error.js';
import { Settings } from '../settings.js';
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

/** What the cookie holds; what is secret of a login follows from its state and a key. */
interface Kept extends Pick<PendingLogin, 'returnTo' | 'stepUp'> {
  /** Milliseconds since the epoch. */
  readonly begunAt: number;
}

/** Tabs in which a login may be under way at a time. */
const MAX_PENDING = 5;
const PENDING_FOR = 10 * 60 * 1000;

/**
 * Logins that were begun, each kept in a signed cookie of the browser that began it: nobody else can bring it to its end, and
 * however many are begun, nothing is kept here.
 */
@Injectable()
export class PendingLogins {
  readonly #key: Buffer;
  readonly #prefix: string;
  readonly #options: CookieOptions;

  constructor({ publicUrl, sessionSecret }: Settings) {
    const secure = publicUrl.startsWith('https:');
    this.#key = sessionSecret === undefined ? randomBytes(32) : Buffer.from(sessionSecret);
    this.#prefix = `${secure ? '__Host-' : ''}client-app.login.`;
    this.#options = { httpOnly: true, sameSite: 'lax', secure, path: '/' };
  }

  begin(request: Request, response: Response, returnTo: string, stepUp?: StepUp): PendingLogin {
    const others = [...this.#cookies(request).keys()];
    for (const name of others.slice(0, Math.max(others.length + 1 - MAX_PENDING, 0))) this.#clear(response, name);
    const state = randomState();
    const kept: Kept = { returnTo, begunAt: Date.now(), ...(stepUp && { stepUp }) };
    const text = Buffer.from(JSON.stringify(kept)).toString('base64url');
    const value = `${text}.${this.#derive('cookie', state, text)}`;
    response.cookie(this.#name(state), value, { ...this.#options, maxAge: PENDING_FOR });
    return { state, ...this.#secrets(state), returnTo, stepUp };
  }

  /** Whether this browser has begun the login of this state. */
  has(request: Request, state: string): boolean {
    return this.#read(request, state) !== undefined;
  }

  /** @throws PageError when this browser has not begun it, or too long ago */
  take(request: Request, response: Response, state: string): PendingLogin {
    const kept = this.#read(request, state);
    if (!kept) throw new PageError(400, 'Please sign in again', 'This sign-in has expired, or was already used.');
    this.#clear(response, this.#name(state));
    return { state, ...this.#secrets(state), returnTo: kept.returnTo, stepUp: kept.stepUp };
  }

  #read(request: Request, state: string): Kept | undefined {
    const [text = '', signature = ''] = this.#cookies(request).get(this.#name(state))?.split('.') ?? [];
    const [given, expected] = [signature, this.#derive('cookie', state, text)].map((each) => Buffer.from(each));
    if (given!.length !== expected!.length || !timingSafeEqual(given!, expected!)) return undefined;
    const kept = JSON.parse(Buffer.from(text, 'base64url').toString()) as Kept;
    return Date.now() - kept.begunAt < PENDING_FOR ? kept : undefined;
  }

  #secrets(state: string): Pick<PendingLogin, 'nonce' | 'codeVerifier'> {
    return { nonce: this.#derive('nonce', state), codeVerifier: this.#derive('code_verifier', state) };
  }

  /** 43 characters, of the alphabet of RFC 7636 §4.1. */
  #derive(...parts: readonly string[]): string {
    return createHmac('sha256', this.#key).update(JSON.stringify(parts)).digest('base64url');
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
