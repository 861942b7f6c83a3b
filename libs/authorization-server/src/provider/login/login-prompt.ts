import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { KnownAccounts } from '../../accounts/accounts.js';
import { consentPrompt } from './consent-prompt.js';
import { checkGrantable } from './grant-consent.js';
import { grantPrompt, type GrantOptions } from './grant-prompt.js';

const { base, Check } = interactionPolicy;

/**
 * When users are asked to sign in: as the provider asks, and when the account of an open session counts no more; and then, whether a
 * client may have what it asks for.
 */
export function loginPolicy(accounts: KnownAccounts, consent: GrantOptions): interactionPolicy.DefaultPolicy {
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
  policy
    .get('login')!
    .checks.add(
      new Check('former_account', 'the id_token_hint is of an account that is no more', 'login_required', (ctx) =>
        isOfFormerAccount(ctx, accounts) ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
      ),
    );
  policy.remove('consent');
  policy.add(consentPrompt(consent));
  policy.add(grantPrompt(consent));
  return policy;
}

// whoever has just signed in has said who they are
function isOfFormerAccount({ oidc }: KoaContextWithOIDC, accounts: KnownAccounts): boolean {
  const { sub, iat } = oidc.entities.IdTokenHint?.payload ?? {};
  if (typeof sub !== 'string' || oidc.result?.login) return false;
  const since = accounts.find(sub)?.since;
  return since !== undefined && !(Number(iat) > since);
}
