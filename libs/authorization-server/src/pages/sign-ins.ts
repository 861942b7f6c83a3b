import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { errors } from 'oidc-provider';
import type { ServerAuditTrail } from '../audit/audit-event.js';
import { SampledRefusals } from '../audit/sampled-refusals.js';
import { Accounts, type Account } from '../accounts/accounts.js';
import { AUDIT_TRAIL } from '../ports/injection-tokens.js';
import { LiveProvider } from '../provider/live-provider.js';
import { LoginRecords } from './login-records.js';

/** A sign-in that a browser has begun. */
export interface BegunSignIn {
  readonly clientId: string;
  /** Who the client thinks will sign in. OpenID Connect Core §3.1.2.1, login_hint */
  readonly hint: string | undefined;
  /** Languages that the client wants the page in, the most wanted first. OpenID Connect Core §3.1.2.1 */
  readonly uiLocales: string | undefined;
}

/** This browser has begun no such sign-in, or it has expired or was used: there is nothing to finish. */
export class NoSuchSignIn extends Error {
  constructor() {
    super('no such sign-in');
    this.name = 'NoSuchSignIn';
  }
}

/** The account that has signed in is not let in. */
export class SignInRefused extends Error {
  constructor() {
    super('the account is not let in');
    this.name = 'SignInRefused';
  }
}

/** The sign-ins that are under way, for the login page and for a way of signing in of your own. */
@Injectable()
export class SignIns {
  readonly #records: LoginRecords;

  constructor(
    @Inject(LiveProvider) private readonly provider: LiveProvider,
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(AUDIT_TRAIL) trail: ServerAuditTrail,
    @Inject(SampledRefusals) refusals: SampledRefusals,
  ) {
    this.#records = new LoginRecords(accounts, trail, refusals);
  }

  /**
   * The sign-in of this address that this browser has begun.
   * @throws NoSuchSignIn
   */
  async begun(uid: string, request: Request, response: Response): Promise<BegunSignIn> {
    const provider = this.provider.current;
    const { uid: begun, params } = await orNone(provider.interactionDetails(request, response));
    const client = await provider.Client.find(String(params['client_id']));
    if (!client || begun !== uid) throw new NoSuchSignIn();
    return { clientId: client.clientId, hint: text(params['login_hint']), uiLocales: text(params['ui_locales']) };
  }

  /**
   * Finishes a sign-in of an account that has proven who it is, by whatever way of yours, and records it.
   * @param amr how, RFC 8176 §2
   * @returns where to send the browser
   * @throws NoSuchSignIn, SignInRefused
   */
  async finish(
    uid: string,
    request: Request,
    response: Response,
    { subject, amr }: { readonly subject: string; readonly amr: readonly string[] },
  ): Promise<string> {
    await this.begun(uid, request, response);
    const account = await this.accounts.own(subject);
    if (!account) throw new SignInRefused();
    return this.signedIn(request, response, account, amr);
  }

  /** Records that somebody could not sign in. Nobody waits for it: how long it takes would tell whether there is such an account. */
  failed(login: string): void {
    this.#records.failed(login);
  }

  /** As {@link finish}, for an account that the server itself has found. */
  async signedIn(
    request: Request,
    response: Response,
    { username: accountId, life }: Account,
    amr: readonly string[],
  ): Promise<string> {
    // whoever has signed in is of this life, whatever becomes of the account before the browser comes back
    const login = { accountId, amr: [...amr], life };
    let returnTo = '';
    await this.#records.succeeded(login, async () => {
      returnTo = await orNone(this.provider.current.interactionResult(request, response, { login }));
    });
    return returnTo;
  }
}

async function orNone<Value>(asked: Promise<Value>): Promise<Value> {
  try {
    return await asked;
  } catch (error) {
    throw error instanceof errors.SessionNotFound ? new NoSuchSignIn() : error;
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
