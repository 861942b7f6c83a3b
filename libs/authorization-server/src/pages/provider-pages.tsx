import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import type { VNode } from '@onbehalf/html';
import type { SelfSubmittingForm } from '../provider/seam/request-seam.js';
import { goOnPage } from './go-on-page.js';
import { page, pagePolicy, type PageRights } from './page.js';

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
  );
}

/**
 * Asks whether the session at the server shall end. OpenID Connect RP-Initiated Logout §2.
 * @param form the provider's own, as HTML
 */
export function renderLogoutPage(ctx: KoaContextWithOIDC, form: string): void {
  const { session } = ctx.oidc;
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
  send(ctx, 'Sign out?', content);
}

export function renderLoggedOutPage(ctx: KoaContextWithOIDC): void {
  send(ctx, 'Signed out', <p>You can close this page.</p>);
}

/** Answers a form whose sender goes on elsewhere. */
export function renderGoOnPage(ctx: KoaContextWithOIDC, address: string): void {
  ctx.type = 'html';
  ctx.set('content-security-policy', pagePolicy());
  ctx.body = goOnPage(address);
}

const SUBMIT = 'document.forms[0].submit()';

/**
 * Hands the answer of an authorization request to the client in a form. OAuth 2.0 Form Post Response Mode §2. The client may send
 * the user on to wherever it likes, and browsers hold that to `form-action` too.
 */
export function renderFormPostPage(ctx: KoaContextWithOIDC, { action, inputs }: SelfSubmittingForm): void {
  const { origin, protocol } = new URL(action);
  const form = `<form id="go-on" method="post" action="${action}">${inputs}</form>`;
  const content = (
    <>
      <div dangerouslySetInnerHTML={{ __html: form }} />
      <button type="submit" form="go-on">
        Continue
      </button>
      <script dangerouslySetInnerHTML={{ __html: SUBMIT }} />
    </>
  );
  const formTo = [origin, 'https:', ...(protocol === 'http:' ? ['http:'] : [])];
  send(ctx, 'One moment', content, { script: SUBMIT, formTo });
}

function send(ctx: KoaContextWithOIDC, title: string, content: VNode, rights?: PageRights): void {
  ctx.type = 'html';
  ctx.set('content-security-policy', pagePolicy(rights));
  ctx.body = page(title, content);
}
