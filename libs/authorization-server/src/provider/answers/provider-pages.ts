import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import type { SelfSubmittingForm } from '../seam/request-seam.js';

/** What a browser is shown where the protocol has no answer for it. */
export interface ProviderPages {
  error(this: void, ctx: KoaContextWithOIDC, error: ErrorOut): void;
  /** Asks whether to log out. OpenID Connect RP-Initiated Logout §2. */
  logout(this: void, ctx: KoaContextWithOIDC, form: string): void;
  loggedOut(this: void, ctx: KoaContextWithOIDC): void;
  /** Answers a form whose sender goes on at this address. */
  goOn(this: void, ctx: KoaContextWithOIDC, address: string): void;
  /** Hands an answer to the client by POST. OAuth 2.0 Form Post Response Mode §2 */
  formPost(this: void, ctx: KoaContextWithOIDC, form: SelfSubmittingForm): void;
}
