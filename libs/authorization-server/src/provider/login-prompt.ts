import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';

const { base, Check } = interactionPolicy;

/** When users are asked to sign in: as the provider asks, and when the account of an open session counts no more. */
export function loginPolicy(): interactionPolicy.DefaultPolicy {
  const policy = base();
  policy
    .get('login')!
    .checks.add(
      new Check('account_inactive', 'the account of the session is not active', ({ oidc }: KoaContextWithOIDC) =>
        oidc.session?.accountId !== undefined && oidc.account === undefined
          ? Check.REQUEST_PROMPT
          : Check.NO_NEED_TO_PROMPT,
      ),
    );
  return policy;
}
