import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Accounts } from '../accounts/accounts.js';
import { LiveProvider } from '../provider/live-provider.js';
import { sessionOf } from '../provider/seam/session-seam.js';

/** Whoever is signed in here, with the browser that sends the request. */
export interface Visitor {
  /** The user name, which is the subject of the tokens. */
  readonly user: string;
  /** The life that the account leads. */
  readonly life: number;
  /** The session; not what its cookie holds. */
  readonly session: string;
}

/** Tells who visits a page of this server. */
@Injectable()
export class Visitors {
  constructor(
    @Inject(LiveProvider) private readonly provider: LiveProvider,
    @Inject(Accounts) private readonly accounts: Accounts,
  ) {}

  /** @returns `undefined` when nobody is signed in, or the account is not let in any more */
  async of(request: Request, response: Response): Promise<Visitor | undefined> {
    const session = await sessionOf(this.provider.current, request, response);
    if (session.accountId !== undefined) await this.accounts.refresh(session.accountId);
    const account = session.accountId === undefined ? undefined : this.accounts.active(session.accountId);
    return account && { user: account.username, life: account.life ?? 0, session: session.uid };
  }
}
