import type { ServerConfig } from '../configuration/server-config.schema.js';
import { ADMIN_AUDIENCE } from '../configuration/admin-audience.js';
import type { ClientDocument } from './registration-documents.js';
import type { RegistrationSet } from './registration-set.js';
import type { RegistrationChange } from './registration-store.js';

/** Operators are registered in the file alone: whoever may change registrations cannot make itself more than it is. */
export class OutOfReach extends Error {
  constructor() {
    super('operators and their resource are registered in the file only');
  }
}

/** Taking access away is always possible. */
const HARMLESS = ['disable', 'enable'];

/** @throws OutOfReach for a change that touches the resource of operators, or a client or edge that leads to it */
export function checkOutOfReach(
  current: RegistrationSet,
  { resources }: ServerConfig,
  { kind, id, document }: RegistrationChange,
  operation: string,
): void {
  const before = current.find(kind, id)?.document;
  const scopes = new Set(resources.find(({ audience }) => audience === ADMIN_AUDIENCE)?.scopes);
  const leads = (registered: object | undefined): boolean => {
    if (registered === undefined) return false;
    const { target, subjectAudience } = registered as { target?: string; subjectAudience?: string };
    if (kind === 'edge') return target === ADMIN_AUDIENCE || subjectAudience === ADMIN_AUDIENCE;
    return kind === 'client' && isOperator(registered as ClientDocument, scopes);
  };
  if (kind === 'resource' && id === ADMIN_AUDIENCE) throw new OutOfReach();
  if (!HARMLESS.includes(operation) && (leads(before) || leads(document))) throw new OutOfReach();
}

function isOperator(client: ClientDocument, adminScopes: ReadonlySet<string>): boolean {
  const { scopes, defaultResource, defaultTarget, represents } = client;
  const audiences = [defaultResource, defaultTarget, ...represents];
  return scopes.some((scope) => adminScopes.has(scope)) || audiences.includes(ADMIN_AUDIENCE);
}
