import type { StandingConsent } from '@onbehalf/authorization-ports';
import type { FeatureParts } from '@onbehalf/authorization-server';
import type { AiAgentsSettings } from './ai-agents.schema.js';

type Parts = Pick<FeatureParts<AiAgentsSettings>, 'consents' | 'lifeOf'>;

/**
 * What a user allows an agent, in the present lives of both.
 * @param lasts whether a consent that ends then, in seconds since the epoch, ends late enough
 */
export async function standingConsents(
  { consents, lifeOf }: Parts,
  { user, life, agent }: { readonly user: string; readonly life: number; readonly agent: string },
  lasts: (expiresAt: number) => boolean,
): Promise<readonly StandingConsent[]> {
  const agentLife = lifeOf('client', agent) ?? 0;
  const all = await consents.of(user, life);
  return all.filter(
    ({ clientId, clientLife, kind, expiresAt, grantId }) =>
      clientId === agent &&
      clientLife === agentLife &&
      kind === 'remembered' &&
      grantId !== undefined &&
      lasts(expiresAt),
  );
}
