import type { RowOf } from '@onbehalf/authorization-ports';
import type { ConsentRequest } from '../providers/provider.js';
import type { FoundAccount } from '../accounts/account-changes.js';
import type { linksTable } from './links.table.js';

/** `asked`: nobody has opened it. `opened`: the browser is at the provider. `confirming`: another account would be replaced. `found`: the client completes it. */
export type LinkStage = 'asked' | 'opened' | 'confirming' | 'found';

export type LinkRow = RowOf<typeof linksTable>;

/** What a client, or a person at this server's own page, asks for. */
export interface AskedLink {
  readonly subject: string;
  readonly life: number;
  readonly provider: string;
  readonly scopes: readonly string[];
  /** Absent: at this server's own page. */
  readonly client?: LinkingClient | undefined;
}

/** Where the browser goes on to, and what proves at the end that it is the same client. RFC 7636 §4.2 */
export interface LinkingClient {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state?: string | undefined;
  readonly codeChallenge: string;
}

/** What is kept sealed of a link. */
export interface LinkDetails {
  readonly scopes: readonly string[];
  readonly client?: LinkingClient | undefined;
  /** The session at this server of the browser that has opened it: no other one goes on. */
  readonly session?: string | undefined;
  readonly request?: ConsentRequest | undefined;
  readonly found?: FoundAccount | undefined;
}

/** Why a link does not go on. */
export type LinkProblem = 'unknown' | 'other_person' | 'other_session' | 'mixed_up' | 'conflict';

/** A link that cannot be gone on with; nothing was linked. */
export class LinkRefused extends Error {
  constructor(readonly problem: LinkProblem) {
    super(`The link is refused: ${problem}`);
    this.name = 'LinkRefused';
  }
}
