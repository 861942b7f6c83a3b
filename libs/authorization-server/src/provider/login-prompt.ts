import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { checkGrantable } from './grant-consent.js';

const { base, Check } = interactionPolicy;

/** When users are asked to sign in: as the provider asks, and when the account of an open session counts no more. */
export function loginPolicy(): interactionPolicy.DefaultPolicy {
  const policy = base();
  // before the others, none of which matters when nothing can be granted
  policy.get('login')!.checks.add(
    new Check('nothing_grantable', 'nothing of the request can be granted', (ctx: KoaContextWithOIDC) => {
      checkGrantable(ctx);
      return Check.NO_NEED_TO_PROMPT;
    }),
    0,
  );
  policy
    .get('login')!
    .checks.add(
      new Check(
        'account_inactive',
        'the account of the session is not active',
        'login_required',
        ({ oidc }: KoaContextWithOIDC) =>
          oidc.session?.accountId !== undefined && oidc.account === undefined
            ? Check.REQUEST_PROMPT
            : Check.NO_NEED_TO_PROMPT,
      ),
    );
  return policy;
}
