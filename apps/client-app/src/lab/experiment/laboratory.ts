import { Injectable, Logger } from '@nestjs/common';
import { currentTraceId } from '@onbehalf/service-host';
import type { Request } from 'express';
import { InternalAddress } from '../../authorization-server/internal-address.js';
import { AuthorizationServer } from '../../authorization-server/authorization-server.js';
import { AccessTokens } from '../../login/access-tokens.js';
import { LoginRequired } from '../../login/login-required.js';
import { ActivityRecords } from '../../me/activity-records.js';
import type { AuditRecord, Run, Track } from '../../run/run.js';
import { Runs } from '../../run/runs.js';
import { withRecords } from '../../run/with-records.js';
import { Settings } from '../../settings.js';
import { SUPPORT_CALLBACK } from '../../support/support-callback.js';
import { Partner } from '../partner/partner.js';
import type { Addresses } from './addresses.js';
import type { Experiment } from './experiment.js';
import { ExperimentRun } from './experiment-run.js';
import { ObservedRecords } from './observed-records.js';

/** Something that can be run: a card. */
export interface Runnable {
  readonly id: string;
  readonly run: (experiment: Experiment) => Promise<void>;
}

/** Runs cards for the signed-in user, and keeps what happened. */
@Injectable()
export class Laboratory {
  readonly #logger = new Logger('Laboratory');

  constructor(
    private readonly settings: Settings,
    private readonly server: AuthorizationServer,
    private readonly tokens: AccessTokens,
    private readonly activity: ActivityRecords,
    private readonly observed: ObservedRecords,
    private readonly partner: Partner,
    private readonly runs: Runs,
  ) {}

  /** @throws LoginRequired when nobody is signed in */
  async run(card: Runnable, fields: Readonly<Record<string, string>>, request: Request): Promise<Run> {
    const userToken = await this.tokens.current(request);
    const { login } = request.session;
    if (!login) throw new LoginRequired('The session has ended');
    const addresses = await this.#addresses();
    const { issuer, tokenEndpoint } = this.settings.partner;
    const partner = new InternalAddress(issuer, tokenEndpoint && new URL(tokenEndpoint).origin);
    const fetch = (url: string, init: RequestInit): Promise<Response> =>
      this.server.fetch(partner.toInternal(url), init as never);
    const idToken = (): Promise<string> => this.tokens.identity(request);
    const given = { user: login.subject, userToken, idToken, fields, addresses, fetch, partner: this.partner };
    const at = Date.now();
    const { tracks, tokens } = await new ExperimentRun(given).perform(card.run);
    const records = await this.#recordsOf(request, tracks);
    const traceId = currentTraceId();
    return this.runs.add(request.sessionID, login.subject, {
      card: card.id,
      at,
      traceId,
      tracks: withRecords(tracks, tokens, records),
      tokens,
    });
  }

  /** What was run is shown also where nothing can be read of what the server has decided. */
  async #recordsOf(request: Request, tracks: readonly Track[]): Promise<readonly AuditRecord[]> {
    const isAcross = tracks.some(({ messages }) => messages.some(({ to }) => to === 'partner'));
    const read = await Promise.allSettled([
      this.activity.latest(request),
      this.observed.ofThisRequest(),
      ...(isAcross ? [this.observed.atPartner()] : []),
    ]);
    for (const each of read) if (each.status === 'rejected') this.#logger.warn(each.reason);
    const [mine = [], ...others] = read.map((each) => (each.status === 'fulfilled' ? each.value : []));
    return withSentences(mine, others.flat());
  }

  async #addresses(): Promise<Addresses> {
    const {
      client,
      userServiceUrl,
      messageServiceUrl,
      userServiceResource,
      messageServiceResource,
      issuer,
      labSecret,
      partner,
    } = this.settings;
    const metadata = (await this.server.configuration()).serverMetadata();
    return {
      userService: userServiceUrl,
      messageService: messageServiceUrl,
      agent: this.settings.agentUrl,
      calendarService: this.settings.calendarServiceUrl,
      userServiceResource,
      messageServiceResource,
      issuer,
      legacyService: this.settings.legacyServiceUrl,
      internalJwksUri: this.server.internal(metadata.jwks_uri ?? ''),
      tokenEndpoint: { url: this.server.public(metadata.token_endpoint ?? ''), secret: labSecret },
      revocationEndpoint: metadata.revocation_endpoint,
      authorizationEndpoint: metadata.authorization_endpoint ?? '',
      endSessionEndpoint: metadata.end_session_endpoint ?? '',
      supportCallback: this.settings.publicUrl + SUPPORT_CALLBACK,
      labCallback: `${this.settings.publicUrl}/lab/callback`,
      clientApp:
        'clientSecret' in client
          ? { id: client.clientId, secret: client.clientSecret }
          : { id: client.clientId, assertionFile: client.assertionFile },
      partner: {
        issuer: partner.issuer,
        client: { id: partner.clientId, secret: partner.clientSecret },
        orderService: partner.orderServiceUrl,
        orderServiceResource: partner.orderServiceResource,
      },
    };
  }
}

/** The user's own records, each in a sentence where the trail has one, and those of the others. */
function withSentences(own: readonly AuditRecord[], observed: readonly AuditRecord[]): readonly AuditRecord[] {
  const known = new Map(observed.flatMap((record) => (record.tokenId === undefined ? [] : [[record.tokenId, record]])));
  const told = own.map((record) => ({ ...record, sentence: known.get(record.tokenId ?? '')?.sentence }));
  const ids = new Set(own.map(({ tokenId }) => tokenId));
  const refused = own.some(({ outcome }) => outcome !== 'issued');
  const rest = observed.filter(({ tokenId, outcome, subject }) =>
    tokenId === undefined ? !(refused && outcome !== 'issued' && subject !== undefined) : !ids.has(tokenId),
  );
  return [...told, ...rest];
}
