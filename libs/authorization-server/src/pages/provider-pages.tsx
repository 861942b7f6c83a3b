import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import type { VNode } from '@onbehalf/html';
import type { ProviderPages } from '../provider/answers/provider-pages.js';
import type { SelfSubmittingForm } from '../provider/seam/request-seam.js';
import { goOnPage } from './go-on-page.js';
import type { TextKey } from './languages/english.js';
import { page, pagePolicy, type PageRights } from './page.js';
import type { Pages, PageView } from './page-view.js';

/** What the provider shows to people, in their language. */
export function providerPages(pages: Pages): ProviderPages {
  const viewOf = (ctx: KoaContextWithOIDC): PageView => pages.for(ctx.req, uiLocalesOf(ctx));
  return {
    error: (ctx, error) => renderErrorPage(ctx, viewOf(ctx), error),
    logout: (ctx, form) => renderLogoutPage(ctx, viewOf(ctx), form),
    loggedOut: (ctx) => renderLoggedOutPage(ctx, viewOf(ctx)),
    goOn: (ctx, address) => renderGoOnPage(ctx, viewOf(ctx), address),
    formPost: (ctx, form) => renderFormPostPage(ctx, viewOf(ctx), form),
  };
}

function uiLocalesOf(ctx: KoaContextWithOIDC): unknown {
  return (ctx as Partial<KoaContextWithOIDC>).oidc?.params?.['ui_locales'];
}

/** What a page says about an error of OAuth that people can do something about. */
const SENTENCES: Readonly<Record<string, TextKey>> = {
  server_error: 'refused.failed',
  temporarily_unavailable: 'outage.text',
};

/** The page for an authorization request that cannot be answered by a redirect. */
function renderErrorPage(
  ctx: KoaContextWithOIDC,
  view: PageView,
  { error, error_description: description }: ErrorOut,
): void {
  const key = SENTENCES[error];
  const content = (
    <>
      <p role="alert">{view.text(key ?? 'refused.400')}</p>
      <p lang="en" dir="ltr">
        {key === undefined && description !== undefined && <>{description} </>}
        <code>{error}</code>
      </p>
    </>
  );
  send(ctx, view, 'refused.title', content);
}

/**
 * Asks whether the session at the server shall end. OpenID Connect RP-Initiated Logout §2.
 * @param form the provider's own, as HTML
 */
function renderLogoutPage(ctx: KoaContextWithOIDC, view: PageView, form: string): void {
  const { session } = ctx.oidc;
  const content = (
    <>
      <p>{view.fill('logout.user', { user: <strong>{session?.accountId}</strong> })}</p>
      <div dangerouslySetInnerHTML={{ __html: inLanguage(form, uiLocalesOf(ctx)) }} />
      <button type="submit" form="op.logoutForm" name="logout" value="yes" autofocus>
        {view.text('logout.submit')}
      </button>
      <button type="submit" form="op.logoutForm">
        {view.text('logout.stay')}
      </button>
    </>
  );
  send(ctx, view, 'logout.title', content);
}

/** The form, sent to the same address with what it takes to go on in the language of the request. */
function inLanguage(form: string, uiLocales: unknown): string {
  if (typeof uiLocales !== 'string') return form;
  return form.replace(/ action="([^"?]*)"/, ` action="$1?ui_locales=${encodeURIComponent(uiLocales)}"`);
}

function renderLoggedOutPage(ctx: KoaContextWithOIDC, view: PageView): void {
  send(ctx, view, 'loggedOut.title', <p>{view.text('loggedOut.text')}</p>);
}

/** Answers a form whose sender goes on elsewhere. */
function renderGoOnPage(ctx: KoaContextWithOIDC, view: PageView, address: string): void {
  ctx.type = 'html';
  ctx.set('content-security-policy', pagePolicy());
  ctx.body = goOnPage(address, view);
}

const SUBMIT = 'document.forms[0].submit()';

/**
 * Hands the answer of an authorization request to the client in a form. OAuth 2.0 Form Post Response Mode §2. The client may send
 * the user on to wherever it likes, and browsers hold that to `form-action` too.
 */
function renderFormPostPage(ctx: KoaContextWithOIDC, view: PageView, { action, inputs }: SelfSubmittingForm): void {
  const { origin, protocol } = new URL(action);
  const form = `<form id="go-on" method="post" action="${action}">${inputs}</form>`;
  const content = (
    <>
      <div dangerouslySetInnerHTML={{ __html: form }} />
      <button type="submit" form="go-on">
        {view.text('goOn.submit')}
      </button>
      <script dangerouslySetInnerHTML={{ __html: SUBMIT }} />
    </>
  );
  const formTo = [origin, 'https:', ...(protocol === 'http:' ? ['http:'] : [])];
  send(ctx, view, 'goOn.title', content, { script: SUBMIT, formTo });
}

function send(ctx: KoaContextWithOIDC, view: PageView, title: TextKey, content: VNode, rights?: PageRights): void {
  ctx.type = 'html';
  ctx.set('content-security-policy', pagePolicy(rights));
  ctx.body = page(view.text(title), content, undefined, view);
}
