import type { OAuthErrorCode, OAuthErrorDetail } from '@onbehalf/oauth-protocol';
import type { Limits } from './verified-exchange.js';

/** A rule's refusal. */
export interface Denial {
  readonly verdict: 'deny';
  readonly code: OAuthErrorCode;
  /** A fixed text, sent to the client. */
  readonly description: string;
  readonly detail: OAuthErrorDetail;
}

/** Limits to intersect with those in force. */
export interface Narrowing {
  readonly verdict: 'narrow';
  readonly to: Partial<Limits>;
}

/** What a rule may say: denied, narrowed, or nothing. */
export type Verdict = Denial | Narrowing | undefined;

/** Refuses the exchange: `code` and `description` go to the client, `detail.reason` to the audit record. */
export function deny(code: OAuthErrorCode, description: string, detail: OAuthErrorDetail = {}): Denial {
  return { verdict: 'deny', code, description, detail };
}

/** Lowers limits. What is not among the limits in force is not added to them. */
export function narrow(to: Partial<Limits>): Narrowing {
  return { verdict: 'narrow', to };
}
