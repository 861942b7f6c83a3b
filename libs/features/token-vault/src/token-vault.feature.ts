import {
  defineFeature,
  type FeatureParts,
  type FeatureRegistration,
  type ServerConfig,
} from '@onbehalf/authorization-server';
import { TokenType } from '@onbehalf/oauth-protocol';
import type { Progress } from '@onbehalf/token-exchange';
import { FreshTokens } from './accounts/fresh-tokens.js';
import { linkedAccountsTable } from './accounts/linked-accounts.table.js';
import { Refresh } from './accounts/refresh.js';
import { checkTokenVault } from './check-token-vault.js';
import { ConnectedAccountIssuer } from './exchange/connected-account.issuer.js';
import { linkedAccountSubjectRule } from './exchange/linked-account-subject.rule.js';
import { LinkedAccountsAdminController } from './linked-accounts-admin.controller.js';
import { LinkedAccountsController } from './linked-accounts.controller.js';
import { linksTable } from './linking/links.table.js';
import { MeLinkedAccountsController } from './me-linked-accounts.controller.js';
import {
  edgeSchema,
  ofEdge,
  READ,
  SECTION,
  settingsSchema,
  WRITE,
  type TokenVaultSettings,
} from './token-vault.schema.js';
import { Vault } from './vault.js';

/**
 * Accounts of third parties that users have linked: kept sealed, refreshed when needed, and handed out by exchange to the clients that
 * an edge names. RFC 8693 §2.1
 */
export const tokenVault = defineFeature<TokenVaultSettings | undefined>({
  name: SECTION,
  settings: settingsSchema,
  members: { edge: edgeSchema },
  resourceKinds: ['third_party'],
  meScopes: [READ, WRITE],
  tables: [linkedAccountsTable, linksTable],
  check: checkTokenVault,
  register,
  metadata: (_settings, config) =>
    isHandedOut(config) ? { onbehalf_connected_account_token_type: TokenType.ConnectedAccount } : {},
  module: () => ({
    controllers: [MeLinkedAccountsController, LinkedAccountsController, LinkedAccountsAdminController],
  }),
  audit: [
    {
      name: 'provider',
      description: 'the third party at which an account is linked',
      searchable: true,
      of: providerOf,
    },
    {
      name: 'linkedAccount',
      description: 'the linked account that was used, linked, unlinked or has ended',
      searchable: true,
      of: (_reached, issued) => issued?.members?.['linked_account'] as string | undefined,
    },
    { name: 'linkedAccountStatus', description: 'how a linked account has ended' },
  ],
  explain: (reached) => {
    const provider = providerOf(reached);
    return provider && { provider, acceptsWider: ofEdge(reached.exchange?.targets[0]?.edge).acceptsWider };
  },
});

function register(parts: FeatureParts<TokenVaultSettings>): FeatureRegistration {
  const { clock, record, randomId, metrics } = parts;
  const { accounts, clientOf } = new Vault(parts);
  const counters = {
    refreshed: metrics.counter('onbehalf_vault_refreshed_total', 'Linked accounts that were refreshed'),
    ended: metrics.counter('onbehalf_vault_ended_total', 'Linked accounts that a provider has ended'),
    postponed: metrics.counter('onbehalf_vault_postponed_total', 'Refreshes that a provider could not answer'),
  };
  const count = (outcome: keyof typeof counters): void => counters[outcome](1);
  const refresh = new Refresh({ accounts, clientOf, clock, record, count });
  const tokens = new FreshTokens({ accounts, refresh, clock, randomId });
  const issuer = new ConnectedAccountIssuer({ parts, accounts, tokens, clientOf });
  return { issuers: [issuer], admissions: [issuer], rules: [linkedAccountSubjectRule] };
}

function isHandedOut({ edges }: ServerConfig): boolean {
  return edges.some(({ enabled, issues = [] }) => enabled && issues.includes(TokenType.ConnectedAccount));
}

function providerOf({ request, resources }: Progress): string | undefined {
  return request?.requestedType === TokenType.ConnectedAccount ? resources?.[0]?.audience : undefined;
}
