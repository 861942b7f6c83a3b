import { hash } from 'node:crypto';
import type { FeatureEvent, FeatureParts } from '@onbehalf/authorization-server';
import type { AccountChanges, FoundAccount } from '../accounts/account-changes.js';
import type { AccountKey, AccountRow } from '../accounts/linked-account.js';
import { PATH } from './paths.js';
import type { ProviderClient } from '../providers/provider-client.js';
import { ProviderRefused, ProviderUnavailable } from '../providers/provider-errors.js';
import { SECTION, type TokenVaultSettings } from '../token-vault.schema.js';
import { LinkRefused, type AskedLink, type LinkProblem, type LinkRow } from './link.js';
import { drawSecret, PendingLinks, type PendingLink } from './pending-links.js';
import { backTo, refused, toLinkError, type Returned } from './returned.js';

/** Who is signed in at this server in a browser. */
export interface BrowserSession {
  readonly subject: string;
  readonly life: number;
  readonly session: string;
}

export interface LinkingOptions {
  readonly parts: Pick<FeatureParts<TokenVaultSettings>, 'own' | 'record' | 'tables' | 'clock' | 'settings'>;
  readonly changes: AccountChanges;
  readonly clientOf: (provider: string) => ProviderClient | undefined;
}

/**
 * Links accounts: asked for by a client or at the own page, consented to at the provider, and finished in the same session of the same
 * person alone. Else somebody would be brought to link the account of somebody else.
 */
export class Linking {
  readonly #options: LinkingOptions;
  readonly #links: PendingLinks;

  constructor(options: LinkingOptions) {
    this.#options = options;
    this.#links = new PendingLinks(options.parts);
  }

  /** @returns the link that the browser opens */
  ask(asked: AskedLink): Promise<string> {
    return this.#links.ask(asked);
  }

  /**
   * The browser opens a link, once.
   * @returns where it consents
   * @throws LinkRefused when the link is of another person, was opened before, or has ended
   * @throws ProviderUnavailable
   */
  async open(link: string, visitor: BrowserSession): Promise<string> {
    const pending = await this.#links.find('link', link, 'asked');
    const { row, details } = pending;
    if (!isOf(row, visitor)) await this.#refuse(row, 'other_person');
    const linked = await this.#options.changes.linked(keyOf(row));
    const request = {
      redirectUri: this.callback(row.provider),
      // what was linked before stays linked
      scopes: [...new Set([...details.scopes, ...(linked?.credentials.scopes ?? [])])],
      state: drawSecret(),
      nonce: drawSecret(),
      codeVerifier: drawSecret(),
    };
    const url = await this.#clientOf(row.provider).consentUrl(request);
    await this.#links.open(pending, visitor.session, request);
    return url;
  }

  /** Where a provider sends browsers back to: an address of its own, so that none answers for another. RFC 9700 §4.4.2.2 */
  callback(provider: string): string {
    return `${this.#options.parts.own.issuer}${PATH}/callback/${encodeURIComponent(provider)}`;
  }

  /**
   * The browser comes back from a provider. Whatever comes of it, nobody comes back with the same state again.
   * @param provider whose address it came to
   * @throws LinkRefused
   */
  async returned(provider: string, parameters: URLSearchParams, visitor: BrowserSession): Promise<Returned> {
    const [state = '', ...more] = parameters.getAll('state');
    if (more.length > 0) throw new LinkRefused('unknown');
    const pending = await this.#links.find('state', state, 'opened');
    await this.#links.use(pending);
    const { row, details } = pending;
    if (row.provider !== provider) await this.#refuse(row, 'mixed_up');
    if (!isOf(row, visitor)) await this.#refuse(row, 'other_person');
    if (details.session !== visitor.session) await this.#refuse(row, 'other_session');
    try {
      const found = await this.#redeem(pending, parameters);
      return await this.#proceed(pending, found);
    } catch (error) {
      if (!(error instanceof ProviderRefused || error instanceof ProviderUnavailable)) throw error;
      await this.#record(row, error.message);
      return refused(pending, toLinkError(error));
    }
  }

  /** The person agrees to have another account replaced, or does not. @throws LinkRefused */
  async confirmed(code: string, agrees: boolean, visitor: BrowserSession): Promise<Returned> {
    const pending = await this.#links.find('code', code, 'confirming');
    if (!isOf(pending.row, visitor)) await this.#refuse(pending.row, 'other_person');
    if (pending.details.session !== visitor.session) await this.#refuse(pending.row, 'other_session');
    await this.#links.use(pending);
    const found = pending.details.found!;
    if (agrees) return this.#finish(pending, found);
    await this.#options.changes.giveUp(pending.row.provider, found);
    return refused(pending, 'access_denied');
  }

  /**
   * The client completes what it has asked for. The code is used up whatever comes of it, so that nobody guesses on.
   * @param by the person and the client of the token that it does so with
   * @throws LinkRefused
   */
  async complete(
    code: string,
    codeVerifier: string,
    by: { readonly subject: string; readonly life: number; readonly clientId: string },
  ): Promise<AccountRow> {
    const pending = await this.#links.find('code', code, 'found');
    const { row, details } = pending;
    await this.#links.use(pending);
    const found = details.found!;
    const isAsker = isOf(row, by) && row.client === by.clientId;
    // RFC 7636 §4.6
    if (!isAsker || hash('sha256', codeVerifier, 'base64url') !== details.client?.codeChallenge) {
      await this.#options.changes.giveUp(row.provider, found);
      return this.#refuse(row, isAsker ? 'unknown' : 'other_person');
    }
    const linked = await this.#options.changes.link(keyOf(row), found, { clientId: by.clientId });
    return linked ?? this.#refuse(row, 'conflict');
  }

  async #redeem({ row, details }: PendingLink, parameters: URLSearchParams): Promise<FoundAccount> {
    const client = this.#clientOf(row.provider);
    const { account, tokens } = await client.redeem(parameters, details.request!);
    const { name, profile } = client.provider;
    const { scopes: asked } = details.request!;
    const isHandedOut = (scope: string): boolean => asked.includes(scope) || !profile.identityScopes.includes(scope);
    const scopes = (tokens.scopes ?? asked).filter(isHandedOut);
    const { accessToken: token, expiresAt, refreshToken, refreshExpiresAt } = tokens;
    const held = [{ token, scopes, expiresAt }];
    const credentials = { account: account.id, scopes, tokens: held, refreshToken, refreshExpiresAt };
    if (scopes.some((scope) => asked.includes(scope))) return { label: account.label, credentials };
    await client.revoke(tokens);
    throw new ProviderRefused(name, 'access_denied');
  }

  // another account than the one that is linked takes its place only when the person agrees
  async #proceed(pending: PendingLink, found: FoundAccount): Promise<Returned> {
    const { provider } = pending.row;
    const linked = await this.#options.changes.linked(keyOf(pending.row));
    if (!linked || linked.row.account === found.credentials.account) return this.#finish(pending, found);
    const code = await this.#links.keep(pending, 'confirming', { ...found, replaces: linked.row.account });
    const labels = { before: linked.row.label, after: found.label };
    return { outcome: 'confirm', provider, code, labels };
  }

  /** Links it, or lets the client do so that has asked. */
  async #finish(pending: PendingLink, found: FoundAccount): Promise<Returned> {
    const { row, details } = pending;
    if (!details.client) {
      const linked = await this.#options.changes.link(keyOf(row), found, {});
      return linked ? { outcome: 'linked', provider: row.provider } : this.#refuse(row, 'conflict');
    }
    const code = await this.#links.keep(pending, 'found', found);
    return { outcome: 'client', url: backTo(details.client, { connect_code: code }) };
  }

  #clientOf(provider: string): ProviderClient {
    const client = this.#options.clientOf(provider);
    // taken out of the configuration meanwhile
    if (!client) throw new LinkRefused('unknown');
    return client;
  }

  async #refuse(row: LinkRow, problem: LinkProblem): Promise<never> {
    await this.#record(row, problem);
    throw new LinkRefused(problem);
  }

  #record({ subject, client, provider }: LinkRow, reason: string): Promise<void> {
    const told = { subject, provider, reason, ...(client !== '' && { clientId: client }) };
    const event: FeatureEvent = { type: `${SECTION}.link_refused`, outcome: 'rejected', ...told };
    return this.#options.parts.record(event);
  }
}

function isOf(row: LinkRow, { subject, life }: { readonly subject: string; readonly life: number }): boolean {
  return row.subject === subject && row.subject_life === life;
}

function keyOf({ subject, subject_life: life, provider }: LinkRow): AccountKey {
  return { subject, life, provider };
}
