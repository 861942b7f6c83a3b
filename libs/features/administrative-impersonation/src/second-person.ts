import { createHash } from 'node:crypto';
import type { RowOf } from '@onbehalf/authorization-ports';
import type { FeatureParts } from '@onbehalf/authorization-server';
import { OAuthError } from '@onbehalf/oauth-protocol';
import type { AdministrativeImpersonationSettings } from './administrative-impersonation.schema.js';
import type { BegunImpersonation } from './impersonation.js';
import { requestTable } from './impersonations.table.js';

type Parts = Pick<FeatureParts<AdministrativeImpersonationSettings>, 'tables' | 'clock' | 'randomId' | 'settings'>;
export type ImpersonationRequest = RowOf<typeof requestTable>;

/**
 * What waits for a second person. The same request, sent again, succeeds once after it is confirmed; until then it is answered in
 * the words of RFC 8628 §3.5.
 */
export class SecondPerson {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get #rows() {
    return this.#parts.tables(requestTable);
  }

  /**
   * Uses up the confirmation of a request.
   * @returns what gives it back
   * @throws OAuthError `authorization_pending`, or `slow_down` to who asks again too soon
   */
  async useConfirmation(impersonation: BegunImpersonation): Promise<() => Promise<void>> {
    const fingerprint = fingerprintOf(impersonation);
    const known = await this.#rows.find({ fingerprint });
    if (!known) throw this.#pending(await this.#ask(fingerprint, impersonation));
    if (known.confirmed_by === null) throw await this.#again(known);
    const taken = await this.#rows.take({ fingerprint });
    if (!taken) throw this.#pending(await this.#ask(fingerprint, impersonation));
    return async () => void (await this.#rows.insert(taken));
  }

  async find(id: string): Promise<ImpersonationRequest | undefined> {
    const [row] = await this.#rows.list({ id }, 1);
    return row;
  }

  /** Those that nobody has confirmed. */
  list(): Promise<readonly ImpersonationRequest[]> {
    return this.#rows.list({ confirmed_by: null });
  }

  /** @returns false when it is gone, or confirmed already */
  confirm({ fingerprint, id }: ImpersonationRequest, by: string): Promise<boolean> {
    return this.#rows.update({ fingerprint }, { confirmed_by: by }, { id, confirmed_by: null });
  }

  /** @returns the identifier by which it is confirmed: one for each time that it is asked for, so that no confirmation counts twice */
  async #ask(fingerprint: string, { clientId, ...asked }: BegunImpersonation): Promise<string> {
    const now = Math.floor(this.#parts.clock());
    const row: ImpersonationRequest = {
      fingerprint,
      id: this.#parts.randomId(),
      administrator: asked.administrator,
      client: clientId,
      subject: asked.subject,
      audiences: asked.audiences.join(' '),
      scopes: asked.scopes.join(' '),
      reason: asked.reason,
      ticket: asked.ticket ?? null,
      asked_at: now,
      polled_at: now,
      confirmed_by: null,
      expires_at: now + this.#parts.settings.confirmationTime,
    };
    if (await this.#rows.insert(row)) return row.id;
    // another replica was faster
    return (await this.#rows.find({ fingerprint }))?.id ?? row.id;
  }

  async #again({ fingerprint, id, polled_at: last }: ImpersonationRequest): Promise<OAuthError> {
    const now = Math.floor(this.#parts.clock());
    const { pollInterval } = this.#parts.settings;
    if (now - last >= pollInterval) {
      await this.#rows.update({ fingerprint }, { polled_at: now }, { id });
      return this.#pending(id);
    }
    const parameters = { request_id: id, interval: pollInterval };
    return new OAuthError('slow_down', 'Ask again after the interval', { parameters });
  }

  #pending(id: string): OAuthError {
    const parameters = { request_id: id, interval: this.#parts.settings.pollInterval };
    return new OAuthError('authorization_pending', 'A second person has to confirm', { parameters });
  }
}

function fingerprintOf(impersonation: BegunImpersonation): string {
  const { administrator, subject, clientId, audiences, scopes, reason, ticket = null } = impersonation;
  const asked = [administrator, subject, clientId, [...audiences].sort(), [...scopes].sort(), reason, ticket];
  return createHash('sha256').update(JSON.stringify(asked)).digest('base64url');
}
