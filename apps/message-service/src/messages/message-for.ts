import type { Actor } from '@onbehalf/oauth-protocol';

/** The message for a user, which says who took it on the user's behalf. */
export function messageFor(name: string, actor: Actor | undefined): string {
  const taker = actor ? `${actor.sub} took it on your behalf` : 'you took it yourself';
  return `Hello ${name}! message-service kept this for you, and ${taker}.`;
}
