import { GrantType } from '@onbehalf/oauth-protocol';
import { directAudiences } from '../../configuration/clients/direct-access.js';
import { ADMIN_AUDIENCE } from '../../configuration/own/admin-audience.js';
import type { ClientConfig, ServerConfig } from '../../configuration/schema/server-config.schema.js';

/** The scope by which registrations are changed. */
export const WRITE_REGISTRATIONS = 'registrations.write';

/** Who is disabled would be the last who may enable anybody. */
export class LastOperator extends Error {
  constructor() {
    super(
      'nobody would be left who may change registrations: register another operator in the file, or use the command auth-server:registrations',
    );
  }
}

/** Whether somebody who is let in may change registrations: a client as itself, a user who signs in, or either by exchanges. */
export function hasOperator({ clients, users, edges }: ServerConfig): boolean {
  const enabled = clients.filter((client) => client.enabled);
  const isEntitled = users.some((user) => user.enabled && user.entitledScopes?.includes(WRITE_REGISTRATIONS));
  const comesDirectly = ({ grantTypes }: ClientConfig): boolean =>
    grantTypes.includes(GrantType.ClientCredentials) ||
    (isEntitled && grantTypes.includes(GrantType.AuthorizationCode));
  const direct = enabled.filter(comesDirectly);
  if (
    direct.some(
      (client) => directAudiences(client).includes(ADMIN_AUDIENCE) && client.scopes.includes(WRITE_REGISTRATIONS),
    )
  ) {
    return true;
  }
  const open = edges.filter((edge) => edge.enabled && enabled.some(({ clientId }) => clientId === edge.client));
  const audiences = new Set(direct.flatMap((client) => [...directAudiences(client)]));
  // each round of exchanges may reach what another begins with
  for (let size = -1; size !== audiences.size;) {
    size = audiences.size;
    for (const { subjectAudience = '', target } of open) if (audiences.has(subjectAudience)) audiences.add(target);
  }
  return open.some(
    ({ subjectAudience = '', target, scopes }) =>
      target === ADMIN_AUDIENCE && audiences.has(subjectAudience) && scopes[WRITE_REGISTRATIONS] !== undefined,
  );
}
