import type { ConsentStore, NewConsent, StandingConsent } from '@onbehalf/authorization-ports';
import type { Clock } from '@onbehalf/oauth-protocol';
import type { AuditEvent, ServerAuditTrail } from '../audit/audit-event.js';

interface Kept extends StandingConsent {
  readonly subject: string;
  readonly subjectLife: number;
}

/** What users let clients do, for as long as the process lives: where nothing else is given to keep it. */
export class MemoryConsents implements ConsentStore {
  readonly #trail: Pick<ServerAuditTrail, 'append'>;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  readonly #grants = new Map<string, Pick<NewConsent, 'subject' | 'clientId' | 'grantExpiresAt'>>();

  constructor(trail: Pick<ServerAuditTrail, 'append'>, clock: Clock) {
    this.#trail = trail;
    this.#clock = clock;
  }

  async give({ scopes, grantExpiresAt, ...consent }: NewConsent, event: object): Promise<void> {
    await this.#trail.append(event as AuditEvent);
    this.#forgetEnded();
    const { subject, clientId, kind, grantId } = consent;
    for (const each of scopes) {
      const key = JSON.stringify([subject, clientId, kind, each.audience, each.scope]);
      const before = this.#kept.get(key);
      const goesOn = before?.subjectLife === consent.subjectLife && before.clientLife === consent.clientLife;
      this.#kept.set(key, { ...consent, ...each, since: goesOn ? before.since : this.#clock() });
    }
    this.#grants.set(grantId, { subject, clientId, grantExpiresAt });
  }

  of(subject: string, subjectLife: number): Promise<readonly StandingConsent[]> {
    this.#forgetEnded();
    const kept = [...this.#kept.values()];
    return Promise.resolve(kept.filter((each) => each.subject === subject && each.subjectLife === subjectLife));
  }

  async withdraw(subject: string, clientId: string, event: object): Promise<readonly string[] | undefined> {
    this.#forgetEnded();
    const isMeant = (each: { readonly subject: string; readonly clientId: string }): boolean =>
      each.subject === subject && each.clientId === clientId;
    const kept = [...this.#kept].filter(([, each]) => isMeant(each));
    const grants = [...this.#grants].filter(([, each]) => isMeant(each)).map(([grantId]) => grantId);
    if (kept.length === 0 && grants.length === 0) return undefined;
    await this.#trail.append(event as AuditEvent);
    for (const [key] of kept) this.#kept.delete(key);
    for (const grantId of grants) this.#grants.delete(grantId);
    return grants;
  }

  #forgetEnded(): void {
    const now = this.#clock();
    for (const [key, { expiresAt }] of this.#kept) if (expiresAt <= now) this.#kept.delete(key);
    for (const [grantId, { grantExpiresAt }] of this.#grants) if (grantExpiresAt <= now) this.#grants.delete(grantId);
  }
}
