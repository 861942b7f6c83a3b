import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import type { VNode } from '@onbehalf/html';
import { page, pagePolicy } from './page.js';

/** The page for an authorization request that cannot be answered by a redirect. */
export function renderErrorPage(ctx: KoaContextWithOIDC, { error, error_description: description }: ErrorOut): void {
  const text = error === 'server_error' ? 'Something went wrong on our side. Please try again.' : description;
  send(
    ctx,
    'This did not work',
    <>
      <p role="alert">{text}</p>
      <p>
        <code>{error}</code>
      </p>
    </>,
    [],
  );
}

/**
 * Asks whether the session at the server shall end. OpenID Connect RP-Initiated Logout §2.
 * @param form the provider's own, as HTML
 */
export function renderLogoutPage(ctx: KoaContextWithOIDC, form: string): void {
  const { client, session } = ctx.oidc;
  const content = (
    <>
      <p>
        You are signed in as <strong>{session?.accountId}</strong>.
      </p>
      <div dangerouslySetInnerHTML={{ __html: form }} />
      <button type="submit" form="op.logoutForm" name="logout" value="yes" autofocus>
        Sign out
      </button>
      <button type="submit" form="op.logoutForm">
        Stay signed in
      </button>
    </>
  );
  send(ctx, 'Sign out?', content, client?.postLogoutRedirectUris ?? []);
}

export function renderLoggedOutPage(ctx: KoaContextWithOIDC): void {
  send(ctx, 'Signed out', <p>You can close this page.</p>, []);
}

function send(ctx: KoaContextWithOIDC, title: string, content: VNode, redirectUris: readonly string[]): void {
  ctx.type = 'html';
  ctx.set('content-security-policy', pagePolicy(redirectUris));
  ctx.body = page(title, content);
}
