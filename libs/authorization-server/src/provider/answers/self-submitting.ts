import type { KoaContextWithOIDC } from 'oidc-provider';
import type { ProviderPages } from './provider-pages.js';
import { endSession, routeOf, selfSubmittingForm } from '../seam/request-seam.js';

/**
 * Middleware for what the provider leaves to scripts and to redirects that follow a form. A form to itself is not needed: the
 * logout of somebody without a session, and the end of a session in which somebody else has signed in, take place at once.
 * The answer to a form goes on by GET, and the form for a client gets a page that works without a script.
 */
export function answerForms({ goOn, formPost, loggedOut }: Pick<ProviderPages, 'goOn' | 'formPost' | 'loggedOut'>) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    await next();
    const form = selfSubmittingForm(ctx);
    if (form && form.action !== ctx.oidc.urlFor('end_session_confirm')) return formPost(ctx, form);
    if (form) await endSession(ctx);
    const address = inLanguage(ctx, ctx.response.get('location'));
    if (form && address.startsWith(ctx.oidc.urlFor('end_session_success'))) instead(ctx, () => loggedOut(ctx));
    if (routeOf(ctx) === 'end_session_confirm' && ctx.status === 303) instead(ctx, () => goOn(ctx, address));
  };
}

/** The page that tells of the end of a session speaks the language that was asked for. RP-Initiated Logout §2, ui_locales */
function inLanguage(ctx: KoaContextWithOIDC, address: string): string {
  const uiLocales = ctx.oidc?.params?.['ui_locales'] ?? ctx.query['ui_locales'];
  if (typeof uiLocales !== 'string' || address !== ctx.oidc?.urlFor('end_session_success')) return address;
  const spoken = `${address}?ui_locales=${encodeURIComponent(uiLocales)}`;
  ctx.set('location', spoken);
  return spoken;
}

/** Answers by a page in place of a redirect. */
function instead(ctx: KoaContextWithOIDC, render: () => void): void {
  ctx.remove('location');
  ctx.status = 200;
  render();
}
