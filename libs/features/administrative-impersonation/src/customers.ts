import type { FeatureParts } from '@onbehalf/authorization-server';
import { ofEdge } from './administrative-impersonation.schema.js';

/** Accounts that one answer holds. */
const MOST = 20;

type Parts = Pick<FeatureParts<unknown>, 'config' | 'state'>;

/** An account that an administrator may choose. */
export interface Customer {
  /** What an exchange names it by. */
  readonly id: string;
  readonly name?: string;
}

/** The roles by which administrators use accounts with this client; none: it is no support tool. */
export function rolesAt(clientId: string, { config }: Pick<Parts, 'config'>): readonly string[] {
  const edges = config().edges.filter(
    ({ enabled, mode, client }) => enabled && mode === 'administrative' && client === clientId,
  );
  return edges.map((edge) => ofEdge(edge).role);
}

/**
 * The accounts whose id, name or e-mail address holds this text, of those that may be impersonated: enabled, not protected, no
 * operator's, and not the administrator's own.
 */
export async function customersLike(
  text: string,
  administrator: string,
  { config, state }: Parts,
): Promise<{ readonly customers: readonly Customer[]; readonly more: boolean }> {
  const wanted = folded(text);
  const found = config().users.filter(({ username, name = '', email = '' }) =>
    [username, name, email].some((each) => folded(each).includes(wanted)),
  );
  const customers: Customer[] = [];
  for (const { username: id, name } of found.toSorted((one, other) => (one.username < other.username ? -1 : 1))) {
    const account = id === administrator ? undefined : await state.account(id);
    if (!account?.enabled || account.protected) continue;
    if (customers.length === MOST) return { customers, more: true };
    customers.push({ id, ...(name !== undefined && { name }) });
  }
  return { customers, more: false };
}

function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}
