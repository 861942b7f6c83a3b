import type { FeatureParts } from '@onbehalf/authorization-server';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { z } from 'zod';
import type { CustomSubjectTokensSettings } from './custom-subject-tokens.schema.js';
import { askProfile, ProfileFault } from './profile/ask-profile.js';
import type { CheckedStatement } from './profile/check-outcome.js';
import type { ProfileRequest, ProvisionedAccount, SubjectTokenProfile } from './profile/subject-token-profile.js';

/** What a profile may say of a new account; the rest is for operators. */
const provisioned = z
  .strictObject({
    name: z.string(),
    givenName: z.string(),
    familyName: z.string(),
    email: z.string(),
    entitledScopes: z.array(z.string()),
  })
  .partial()
  .optional();

/**
 * Creates the account of a user who has none, where the profile says so.
 * @throws ProfileFault for an account that cannot be
 */
export async function provisionAccount(
  profile: SubjectTokenProfile,
  { statement, request, timeout }: { statement: CheckedStatement; request: ProfileRequest; timeout: number },
  { state, accounts }: Pick<FeatureParts<CustomSubjectTokensSettings>, 'state' | 'accounts'>,
): Promise<void> {
  const { account } = statement;
  if (!profile.provision || account === undefined || request.explained || (await state.account(account))) return;
  const ask = (signal: AbortSignal): ReturnType<NonNullable<SubjectTokenProfile['provision']>> =>
    profile.provision!(account, statement as Parameters<NonNullable<SubjectTokenProfile['provision']>>[1], {
      ...request,
      signal,
    });
  const { data, error } = provisioned.safeParse(await askProfile<ProvisionedAccount | undefined>(ask, timeout));
  if (error) throw new ProfileFault('the profile has described an account that cannot be');
  if (data === undefined) return;
  try {
    await accounts.create(
      { ...data, username: account },
      { feature: 'customSubjectTokens', clientId: request.clientId },
    );
  } catch (cause) {
    if (cause instanceof ConfigurationError) throw new ProfileFault('the account of the user cannot be created');
    throw cause;
  }
}
