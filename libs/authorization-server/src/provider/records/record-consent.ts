import type { Grant, KoaContextWithOIDC } from 'oidc-provider';
import type { ServerAuditTrail } from '../../audit/audit-event.js';
import { claimedTrace } from '../../audit/claimed-trace.js';

/** The scopes that a grant holds: the server's own, and those at each resource. */
export function grantedScopes(grant: Grant): readonly string[] {
  const own = grant.getOIDCScope().split(' ');
  const others = Object.entries(grant.resources ?? {}).flatMap(([indicator, scope]) =>
    scope.split(' ').map((each) => (each === '' ? '' : `${each} ${indicator}`)),
  );
  return [...own, ...others].filter(Boolean);
}

/**
 * Saves a grant. What it holds beyond `before` is consented to, and on record with it.
 * @param before what {@link grantedScopes} told of it; nothing of a new one
 */
export async function saveGrant(
  ctx: KoaContextWithOIDC,
  grant: Grant,
  before: readonly string[],
  trail: Pick<ServerAuditTrail, 'recordWith'>,
): Promise<void> {
  const { accountId: subject, clientId } = grant;
  const more = grantedScopes(grant).filter((scope) => !before.includes(scope));
  if (more.length === 0 || subject === undefined || clientId === undefined) return void (await grant.save());
  const [scopes, indicators] = [0, 1].map((place) => new Set(more.flatMap((scope) => scope.split(' ')[place] ?? [])));
  const audienceOf = (indicator: string): string => ctx.oidc.resourceServers?.[indicator]?.audience ?? indicator;
  await trail.recordWith(
    {
      type: 'consent',
      outcome: 'accepted',
      subject,
      clientId,
      targets: [...indicators!].map(audienceOf),
      scopesGranted: [...scopes!],
      ...claimedTrace(),
    },
    () => grant.save(),
  );
}
