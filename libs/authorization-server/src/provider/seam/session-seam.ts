import type { IncomingMessage, ServerResponse } from 'node:http';
import type { default as Provider } from 'oidc-provider';

export type ProviderSession = Awaited<ReturnType<Provider['Session']['get']>>;

/** The session of the browser that sends a request, outside of the provider's own endpoints; a new one when there is none. */
export function sessionOf(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<ProviderSession> {
  return provider.Session.get(provider.createContext(request, response));
}

/** Ends a grant, with the codes and tokens of it that are kept. */
export async function endGrant(provider: Provider, grantId: string): Promise<void> {
  const { AccessToken, AuthorizationCode, RefreshToken, Grant } = provider;
  for (const model of [AccessToken, AuthorizationCode, RefreshToken]) await model.revokeByGrantId(grantId);
  await (await Grant.find(grantId))?.destroy();
}
