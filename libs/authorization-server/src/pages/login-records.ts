import type { ServerAuditTrail } from '../audit/audit-event.js';
import type { Accounts } from '../accounts/accounts.js';
import { claimedTrace } from '../audit/claimed-trace.js';
import type { SampledRefusals } from '../audit/sampled-refusals.js';

/** Records who signed in, and who could not. */
export class LoginRecords {
  readonly #accounts: Pick<Accounts, 'find'>;
  readonly #trail: Pick<ServerAuditTrail, 'recordWith'>;
  readonly #refusals: Pick<SampledRefusals, 'record'>;

  constructor(
    accounts: Pick<Accounts, 'find'>,
    trail: Pick<ServerAuditTrail, 'recordWith'>,
    refusals: Pick<SampledRefusals, 'record'>,
  ) {
    this.#accounts = accounts;
    this.#trail = trail;
    this.#refusals = refusals;
  }

  /** Takes the sign-in to its end; what that stores first and the record take place together. */
  succeeded(
    { accountId: subject, amr }: { readonly accountId: string; readonly amr: readonly string[] },
    finish: () => Promise<void>,
  ): Promise<void> {
    return this.#trail.recordWith({ type: 'login', outcome: 'accepted', subject, amr, ...claimedTrace() }, finish);
  }

  /** Is not waited for: how long it takes would tell whether there is such an account. */
  failed(username: string): void {
    const account = this.#accounts.find(username) && { subject: username };
    const reason = 'wrong password';
    this.#refusals
      .record({ type: 'login_failed', outcome: 'rejected', ...account, reason, ...claimedTrace() })
      .catch(() => undefined);
  }
}
