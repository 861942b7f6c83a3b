import type { Access } from './ai-agents.schema.js';

/** Where users let agents act for them, below the issuer. */
export const AGENTS_PATH = 'account/agents';

/** The address at which a user can allow an agent these. */
export function consentAddress(issuer: string, agent: string, lacking: readonly Access[]): string {
  const query = new URLSearchParams();
  for (const audience of new Set(lacking.map((access) => access.audience))) query.append('audience', audience);
  query.append('scope', [...new Set(lacking.map(({ scope }) => scope))].join(' '));
  return `${issuer}/${AGENTS_PATH}/${encodeURIComponent(agent)}?${query}`;
}

/** What an address, or the form of its page, asks for, of all that could be: every scope at every audience that is named. */
export function askedAccess(
  sent: Readonly<Record<string, unknown>> | undefined,
  possible: readonly Access[],
): readonly Access[] {
  const audiences = [sent?.['audience']].flat();
  const scopes = [sent?.['scope']].flat().flatMap((scope) => (typeof scope === 'string' ? scope.split(' ') : []));
  return possible.filter(({ audience, scope }) => audiences.includes(audience) && scopes.includes(scope));
}
