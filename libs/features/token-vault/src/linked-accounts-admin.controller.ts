import { Delete, Get, Header, HttpException, Inject, Param, Query, UseGuards } from '@nestjs/common';
import { FEATURE_PARTS, parseInput, type FeatureParts, ServerController } from '@onbehalf/authorization-server';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { AccessToken, AccessTokenGuard, Scopes } from '@onbehalf/resource-server';
import { z } from 'zod';
import { operatorViewOf } from './accounts/linked-account.js';
import type { TokenVaultSettings } from './token-vault.schema.js';
import { Vault } from './vault.js';

/** Rows of an answer. */
const MOST = 100;

const value = z.string('one value').min(1, 'a value that is not empty').max(255, 'no more than 255 characters');
const filters = z.strictObject({
  subject: value.optional(),
  provider: value.optional(),
  status: z.enum(['active', 'expired', 'revoked', 'exhausted']).optional(),
});

/** What operators see of linked accounts: whose, where, for what and in which state; never a token. */
@ServerController('admin/linked-accounts')
@UseGuards(AccessTokenGuard)
export class LinkedAccountsAdminController {
  readonly #vault: Vault;

  constructor(@Inject(FEATURE_PARTS) parts: FeatureParts<TokenVaultSettings>) {
    this.#vault = new Vault(parts);
  }

  /** The first of those that match; `more`: there are others, so that the question wants to be narrower. */
  @Get()
  @Scopes('linked_accounts.read')
  @Header('cache-control', 'no-store')
  async list(@Query() query: unknown): Promise<object> {
    const wanted = Object.entries(parseInput(filters, query)).filter(([, filter]) => filter !== undefined);
    const rows = await this.#vault.accounts.matching(Object.fromEntries(wanted), MOST + 1);
    return { linked_accounts: rows.slice(0, MOST).map(operatorViewOf), more: rows.length > MOST };
  }

  /** Unlinks an account of somebody, and ends the consent at the provider. */
  @Delete(':id')
  @Scopes('linked_accounts.unlink')
  @Header('cache-control', 'no-store')
  async unlink(@Param('id') id: string, @AccessToken() { subject: operator }: VerifiedAccessToken): Promise<object> {
    const [row] = await this.#vault.accounts.matching({ id }, 1);
    const key = row && { subject: row.subject, life: row.subject_life, provider: row.provider };
    const revoked = key && (await this.#vault.changes.unlink(key, id, { operator }));
    if (revoked !== undefined) return { revoked_at_provider: revoked };
    throw new HttpException({ error: 'not_found', error_description: 'there is no such linked account' }, 404);
  }
}
