import { Injectable, Logger } from '@nestjs/common';
import { currentTraceId } from '@onbehalf/service-host';
import type { Request } from 'express';
import { AuthorizationServer } from '../../authorization-server/authorization-server.js';
import { AccessTokens } from '../../login/access-tokens.js';
import { LoginRequired } from '../../login/login-required.js';
import { ActivityRecords } from '../../me/activity-records.js';
import type { AuditRecord, Run, Track, Way } from '../../run/run.js';
import { Runs } from '../../run/runs.js';
import { withRecords } from '../../run/with-records.js';
import { Settings } from '../../settings.js';
import type { Addresses } from './addresses.js';
import { ExperimentTrack, type Experiment, type Lesson } from './experiment.js';
import { TokenNames } from './token-names.js';
import { TrackRecorder } from './track-recorder.js';
import { Wire } from './wire.js';

/** Something that can be run: a card. */
export interface Runnable {
  readonly id: string;
  run(experiment: Experiment): Promise<void>;
}

/** Runs cards for the signed-in user, and keeps what happened. */
@Injectable()
export class Laboratory {
  readonly #logger = new Logger('Laboratory');

  constructor(
    private readonly settings: Settings,
    private readonly server: AuthorizationServer,
    private readonly tokens: AccessTokens,
    private readonly records: ActivityRecords,
    private readonly runs: Runs,
  ) {}

  /** @throws LoginRequired when nobody is signed in */
  async run(card: Runnable, fields: Readonly<Record<string, string>>, request: Request): Promise<Run> {
    const accessToken = await this.tokens.current(request);
    const { login } = request.session;
    if (!login) throw new LoginRequired('The session has ended');
    const names = new TokenNames();
    const addresses = await this.#addresses();
    names.hide(addresses.tokenEndpoint.secret, '$SECRET');
    const tracks: Track[] = [];
    const wire = new Wire(names, (url, init) => this.server.fetch(url, init as never));
    const experiment: Experiment = {
      user: login.subject,
      userToken: names.name(accessToken),
      fields,
      addresses,
      names,
      track: async (title, way, work) => void tracks.push(await perform(title, way, work, { wire, names, addresses })),
    };
    const at = Date.now();
    await card.run(experiment);
    const records = await this.#recordsOf(request);
    const traceId = currentTraceId();
    const run = { card: card.id, at, traceId, tracks: withRecords(tracks, names.views, records), tokens: names.views };
    return this.runs.add(request.sessionID, run);
  }

  // what was run is shown also where nothing can be read of what the server has decided
  async #recordsOf(request: Request): Promise<readonly AuditRecord[]> {
    return this.records.latest(request).catch((error: unknown) => {
      this.#logger.warn(error);
      return [];
    });
  }

  async #addresses(): Promise<Addresses> {
    const { userServiceUrl, messageServiceUrl, issuer, labSecret, publicUrl } = this.settings;
    const metadata = (await this.server.configuration()).serverMetadata();
    return {
      userService: userServiceUrl,
      messageService: messageServiceUrl,
      issuer,
      jwksUri: metadata.jwks_uri ?? '',
      tokenEndpoint: { url: metadata.token_endpoint ?? '', secret: labSecret },
      revocationEndpoint: metadata.revocation_endpoint,
      publicUrl,
    };
  }
}

async function perform(
  title: string,
  way: Way,
  work: (track: ExperimentTrack) => Promise<Lesson>,
  { wire, names, addresses }: { readonly wire: Wire; readonly names: TokenNames; readonly addresses: Addresses },
): Promise<Track> {
  const recorder = new TrackRecorder(wire, names);
  const { lesson, seen = [] } = await work(new ExperimentTrack(recorder, addresses));
  const told = seen.map(([name, value]) => [name, names.redact(value)] as const);
  return {
    title,
    way,
    outcome: recorder.outcome,
    lesson: names.redact(lesson),
    seen: told,
    messages: recorder.messages,
  };
}
