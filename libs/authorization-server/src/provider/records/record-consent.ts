import type { ConsentedScope, ConsentKind, ConsentParties, ConsentStore } from '@onbehalf/authorization-ports';
import { randomBytes } from 'node:crypto';
import type { Grant, KoaContextWithOIDC } from 'oidc-provider';
import type { ConsentEvent } from '../../audit/audit-event.js';
import { claimedTrace } from '../../audit/claimed-trace.js';

/** A scope of a grant: of the server itself, or at a resource. */
interface GrantedScope {
  readonly scope: string;
  /** By which the provider knows the resource. */
  readonly indicator?: string;
}

/** The scopes that a grant holds. */
export function grantedScopes(grant: Grant): readonly GrantedScope[] {
  const own = grant.getOIDCScope().split(' ');
  const others = Object.entries(grant.resources ?? {}).flatMap(([indicator, scopes]) =>
    scopes.split(' ').map((scope) => ({ scope, indicator })),
  );
  return [...own.map((scope) => ({ scope })), ...others].filter(({ scope }) => scope !== '');
}

const before = new WeakMap<Grant, readonly GrantedScope[]>();

/** Remembers what a grant holds now, so that {@link saveGrant} tells what was added. */
export function keepBefore(grant: Grant): void {
  before.set(grant, grantedScopes(grant));
}

export interface GrantedConsent {
  readonly consents: ConsentStore;
  readonly parties: Omit<ConsentParties, 'subject' | 'clientId'>;
  readonly kind: ConsentKind;
  /** What is asked for in this request. */
  readonly asked: readonly ConsentedScope[];
  /** Seconds since the epoch. */
  readonly grantExpiresAt: number;
  readonly expiresAt: number;
}

/**
 * Saves the grant of a request. What it holds beyond before, and what the user was asked about, is consented to and on record
 * first.
 */
export async function saveGrant(ctx: KoaContextWithOIDC, grant: Grant, consent: GrantedConsent): Promise<void> {
  const { accountId: subject, clientId } = grant;
  const more = grantedScopes(grant).filter(({ scope, indicator }) => !holds(before.get(grant), scope, indicator));
  const isNew = more.length > 0 || ctx.oidc.result?.consent !== undefined;
  if (isNew && subject !== undefined && clientId !== undefined) {
    grant.jti ??= randomBytes(32).toString('base64url');
    const { consents, parties, asked: scopes, ...rest } = consent;
    const event = consentEvent(subject, clientId, scopes, rest.kind);
    await consents.give({ ...parties, ...rest, subject, clientId, scopes, grantId: grant.jti }, event);
  }
  await grant.save();
}

function holds(scopes: readonly GrantedScope[] = [], scope: string, indicator: string | undefined): boolean {
  return scopes.some((each) => each.scope === scope && each.indicator === indicator);
}

function consentEvent(
  subject: string,
  clientId: string,
  scopes: readonly ConsentedScope[],
  kind: ConsentKind,
): ConsentEvent {
  return {
    type: 'consent',
    outcome: 'accepted',
    subject,
    clientId,
    targets: [...new Set(scopes.flatMap(({ audience }) => audience ?? []))],
    scopesGranted: [...new Set(scopes.map(({ scope }) => scope))],
    decidedBy: kind === 'operator' ? 'operator' : 'user',
    ...claimedTrace(),
  };
}
