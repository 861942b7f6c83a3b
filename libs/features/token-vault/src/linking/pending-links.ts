import { hash, randomBytes } from 'node:crypto';
import { SealBroken, type Table } from '@onbehalf/authorization-ports';
import type { FeatureParts } from '@onbehalf/authorization-server';
import type { TokenVaultSettings } from '../token-vault.schema.js';
import type { FoundAccount } from '../accounts/account-changes.js';
import type { ConsentRequest } from '../providers/provider.js';
import { LinkRefused, type AskedLink, type LinkDetails, type LinkRow, type LinkStage } from './link.js';
import { linksTable } from './links.table.js';

type Parts = Pick<FeatureParts<TokenVaultSettings>, 'tables' | 'clock' | 'settings'>;

/** Seconds that a client has to complete what the browser has brought back. */
export const CODE_TIME = 120;

/** What a link, a state or a code is drawn from. */
export function drawSecret(): string {
  return randomBytes(32).toString('base64url');
}

const digest = (secret: string): string => hash('sha256', secret, 'base64url');

/** A link that is under way. */
export interface PendingLink {
  readonly row: LinkRow;
  readonly details: LinkDetails;
}

/** The links that are under way, as they are stored; each step of one is taken once, for all replicas together. */
export class PendingLinks {
  readonly #parts: Parts;
  readonly #rows: Table<typeof linksTable>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#rows = parts.tables(linksTable);
  }

  /** @returns the link, which is known to whoever has asked alone */
  async ask({ subject, life, provider, scopes, client }: AskedLink): Promise<string> {
    const link = drawSecret();
    await this.#rows.insert({
      link: digest(link),
      subject,
      subject_life: life,
      client: client?.clientId ?? '',
      provider,
      stage: 'asked' satisfies LinkStage,
      state: null,
      code: null,
      details: JSON.stringify({ scopes, client } satisfies LinkDetails),
      expires_at: this.#in(this.#parts.settings.linkTime),
    });
    return link;
  }

  /** @throws LinkRefused when there is none at this stage */
  async find(by: 'link' | 'state' | 'code', secret: string, stage: LinkStage): Promise<PendingLink> {
    try {
      const [row] = await this.#rows.list({ [by]: digest(secret), stage }, 1);
      if (row) return { row, details: JSON.parse(row.details) as LinkDetails };
    } catch (error) {
      // changed or moved in the store: there is no such link
      if (!(error instanceof SealBroken)) throw error;
    }
    throw new LinkRefused('unknown');
  }

  /** The browser goes to the provider. @throws LinkRefused when it has done so before */
  async open({ row, details }: PendingLink, session: string, request: ConsentRequest): Promise<void> {
    const opened: LinkDetails = { ...details, session, request };
    const changes = {
      stage: 'opened' satisfies LinkStage,
      state: digest(request.state),
      details: JSON.stringify(opened),
      expires_at: this.#in(this.#parts.settings.linkTime),
    };
    if (!(await this.#rows.update(keyOf(row), changes, { stage: 'asked' }))) throw new LinkRefused('unknown');
  }

  /**
   * Keeps a link that was used up, for its next stage.
   * @returns the code by which it is found
   */
  async keep(
    { row, details }: PendingLink,
    stage: Extract<LinkStage, 'confirming' | 'found'>,
    found: FoundAccount,
  ): Promise<string> {
    const code = drawSecret();
    const kept: LinkDetails = { ...details, request: undefined, found };
    const expires_at = this.#in(CODE_TIME);
    const changes = { stage, state: null, code: digest(code), details: JSON.stringify(kept), expires_at };
    if (!(await this.#rows.insert({ ...row, ...changes }))) throw new LinkRefused('unknown');
    return code;
  }

  /** Uses a link up: of several who do, one may go on. @throws LinkRefused when it is not this one */
  async use({ row }: PendingLink): Promise<void> {
    if (!(await this.#rows.take(keyOf(row)))) throw new LinkRefused('unknown');
  }

  #in(seconds: number): number {
    return Math.floor(this.#parts.clock()) + seconds;
  }
}

function keyOf({ link, subject, subject_life, client, provider }: LinkRow) {
  return { link, subject, subject_life, client, provider };
}
