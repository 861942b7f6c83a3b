import { Logger } from '@nestjs/common';
import {
  ADMIN_AUDIENCE,
  defineFeature,
  type Feature,
  type FeatureParts,
  type FeatureRegistration,
  type ServerConfig,
} from '@onbehalf/authorization-server';
import { ConfigurationError, TokenType } from '@onbehalf/oauth-protocol';
import type { Progress } from '@onbehalf/token-exchange';
import {
  edgeSchema,
  ofEdge,
  resourceSchema,
  SECTION,
  settingsSchema,
  type AdministrativeImpersonationSettings,
} from './administrative-impersonation.schema.js';
import { administratorRule } from './administrator.rule.js';
import { ImpersonationAdmission } from './impersonation.admission.js';
import type { BegunImpersonation } from './impersonation.js';
import { ImpersonationsController } from './impersonations.controller.js';
import { liveTable, requestTable } from './impersonations.table.js';
import { LiveImpersonations } from './live-impersonations.js';
import { readOnlyRule } from './read-only.rule.js';
import { SecondPerson } from './second-person.js';
import { statedTicketRule } from './stated-ticket.rule.js';
import { UserIdVerifier } from './user-id.verifier.js';

/** What the application says of the feature beside its section of the configuration. */
export interface AdministrativeImpersonationOptions {
  /**
   * Is told of each impersonation that has begun, after it is on record; the token does not wait for it. What it throws is logged.
   * When the process ends at this moment it is not told: the record is.
   */
  readonly onImpersonation?: (impersonation: BegunImpersonation) => void | Promise<void>;
}

/**
 * Administrators use the account of a user: they see what the user sees, everybody can tell, and who, when, why and what followed is
 * on record before the token leaves. RFC 8693 §1.1, §4.1.
 */
export function administrativeImpersonation({
  onImpersonation = () => undefined,
}: AdministrativeImpersonationOptions = {}): Feature<AdministrativeImpersonationSettings | undefined> {
  return defineFeature<AdministrativeImpersonationSettings | undefined>({
    name: SECTION,
    settings: settingsSchema,
    members: { edge: edgeSchema, resource: resourceSchema },
    edgeModes: ['administrative'],
    tables: [liveTable, requestTable],
    audit: AUDIT_FIELDS,
    check,
    register: (parts) => register(parts, onImpersonation),
    metadata: () => ({ onbehalf_impersonation_subject_token_type: TokenType.UserId }),
    module: () => ({ controllers: [ImpersonationsController] }),
    explain,
  });
}

const AUDIT_FIELDS: Feature['audit'] = [
  {
    name: 'impersonation',
    description: 'the administrative impersonation that a token is of',
    searchable: true,
    // one that is refused has not begun
    of: ({ exchange }, issued) =>
      exchange?.kind === 'administrative' && !issued ? undefined : exchange?.impersonation?.mark.id,
  },
  {
    name: 'impersonator',
    description: 'the administrator who uses the account of the subject',
    searchable: true,
    of: ({ exchange }) => exchange?.impersonation?.mark.sub,
  },
  {
    name: 'ticket',
    description: 'the ticket that an impersonation is for',
    searchable: true,
    of: ({ request }) => request?.parameters['ticket'],
  },
  { name: 'confirmation', description: 'the request of an impersonation that was confirmed' },
  { name: 'confirmedBy', description: 'the second person who has confirmed an impersonation' },
  { name: 'stoppedBy', description: 'who has stopped an impersonation' },
];

function register(
  parts: FeatureParts<AdministrativeImpersonationSettings>,
  onImpersonation: NonNullable<AdministrativeImpersonationOptions['onImpersonation']>,
): FeatureRegistration {
  const { own, randomId, policy, metrics } = parts;
  const log = new Logger('AdministrativeImpersonation');
  const live = new LiveImpersonations(parts);
  const count = metrics.counter('onbehalf_impersonations_total', 'Administrative impersonations that have begun');
  metrics.gauge('onbehalf_impersonations_live', 'Administrative impersonations under way, by client', 'client', () =>
    countByClient(live),
  );
  const onBegun = (impersonation: BegunImpersonation): void => {
    count(1);
    Promise.resolve(impersonation)
      .then(onImpersonation)
      .catch((error: unknown) => log.error({ event: 'impersonation_hook_failed', reason: String(error) }));
  };
  return {
    verifiers: [new UserIdVerifier({ issuer: own.issuer, randomId })],
    rules: [administratorRule(policy), statedTicketRule, readOnlyRule],
    admissions: [new ImpersonationAdmission({ live, secondPerson: new SecondPerson(parts), onBegun })],
  };
}

async function countByClient(live: LiveImpersonations): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { client } of await live.list()) counts.set(client, (counts.get(client) ?? 0) + 1);
  return counts;
}

function explain({ exchange }: Progress): unknown {
  if (!exchange?.impersonation) return undefined;
  const { mark, disclosed } = exchange.impersonation;
  if (exchange.kind !== 'administrative') return { impersonation: mark.id, administrator: mark.sub, disclosed };
  const secondPerson = exchange.targets.some(({ edge }) => ofEdge(edge).secondPerson);
  return { administrator: mark.sub, disclosed, secondPerson };
}

// what only reads is said of the resource, so that a scope that does more is not listed by an edge unawares
function check(_: AdministrativeImpersonationSettings, config: ServerConfig, section: string): void {
  const own = config.resources.find(({ audience }) => audience === ADMIN_AUDIENCE)?.scopes ?? [];
  const refuse = (at: string, value: unknown, accepted: string): never => {
    throw new ConfigurationError(section.replace(SECTION, at), value, accepted);
  };
  config.edges.forEach((edge, index) => {
    const said = (edge as Record<string, unknown>)[SECTION];
    const path = `edges[${index}]`;
    if (edge.mode !== 'administrative') {
      if (said !== undefined) refuse(`${path}.${SECTION}`, '(given)', 'it only with the mode administrative');
      return;
    }
    const { role, widens } = edgeSchema.parse(said ?? {});
    if (!own.includes(role)) refuse(`${path}.${SECTION}.role`, role, `a scope of the resource ${ADMIN_AUDIENCE}`);
    const target = config.resources.find(({ audience }) => audience === edge.target) as
      Record<string, unknown> | undefined;
    const readOnly = (target?.[SECTION] as { readonly readOnly: readonly string[] } | undefined)?.readOnly ?? [];
    const scopes = Object.keys(edge.scopes);
    const unknown = widens.find((scope) => !scopes.includes(scope));
    if (unknown !== undefined) refuse(`${path}.${SECTION}.widens`, unknown, 'scopes of the edge');
    const writing = scopes.find((scope) => !readOnly.includes(scope) && !widens.includes(scope));
    if (writing !== undefined) {
      refuse(`${path}.scopes`, writing, `what ${edge.target} lists as ${SECTION}.readOnly, or the edge widens to`);
    }
  });
}
