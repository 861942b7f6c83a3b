import { generateKeyPair, SignJWT, decodeJwt, decodeProtectedHeader } from 'jose';
import type { TokenView, Track, Way } from '../../run/run.js';
import type { Partner } from '../partner/partner.js';
import type { Addresses } from './addresses.js';
import { DpopKey } from './dpop-key.js';
import { ExperimentTrack, type Experiment, type Lesson } from './experiment.js';
import { OtherBrowser } from './other-browser.js';
import { Processes } from './processes.js';
import { TokenNames, type LabToken } from './token-names.js';
import { TrackRecorder } from './track-recorder.js';
import { Wire } from './wire.js';

export interface ExperimentGiven {
  readonly user: string;
  readonly userToken: string;
  readonly idToken: () => Promise<string>;
  readonly fields: Readonly<Record<string, string>>;
  readonly addresses: Addresses;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly partner: Partner;
}

/** One run of one card: what it holds, and what it has done so far. */
export class ExperimentRun {
  readonly #given: ExperimentGiven;
  readonly #names = new TokenNames();
  readonly #processes = new Processes();
  readonly #tracks: Track[] = [];
  readonly #wire: Wire;

  constructor(given: ExperimentGiven) {
    this.#given = given;
    this.#names.hide(given.addresses.tokenEndpoint.secret, '$SECRET');
    this.#wire = new Wire(this.#names, given.fetch);
  }

  /** Whatever was started for it has ended when this resolves. */
  async perform(
    work: (experiment: Experiment) => Promise<void>,
  ): Promise<{ tracks: readonly Track[]; tokens: readonly TokenView[] }> {
    try {
      await work(this.#experiment());
    } finally {
      this.#processes.end();
    }
    return { tracks: this.#tracks, tokens: this.#names.views };
  }

  #experiment(): Experiment {
    const { user, userToken, idToken, fields, addresses } = this.#given;
    return {
      user,
      userToken: this.#names.name(userToken),
      idToken: async () => this.#names.name(await idToken()),
      fields,
      addresses,
      names: this.#names,
      track: (title, way, work) => this.#track(title, way, work),
      start: (name, settings) => this.#processes.start(name, settings),
      foreignToken: (claims, how) => this.#foreignToken(claims, how),
      dpopKey: () => DpopKey.create(this.#names),
      otherBrowser: () => new OtherBrowser(this.#given.fetch),
    };
  }

  async #track(title: string, way: Way, work: (track: ExperimentTrack) => Promise<Lesson> | Lesson): Promise<void> {
    const recorder = new TrackRecorder(this.#wire);
    const { lesson, failed, seen = [], action } = await work(new ExperimentTrack(recorder, this.#given.addresses));
    const redact = (text: string): string => this.#names.redact(text);
    const { messages } = recorder;
    const outcome = failed ? 'failed' : recorder.outcome;
    const told = seen.map(([name, value]) => [name, redact(value)] as const);
    const said = { lesson: redact(lesson), seen: told, ...(action && { action }) };
    this.#tracks.push({ title, way, outcome, ...said, messages: fromZero(messages) });
  }

  async #foreignToken(claims: Readonly<Record<string, unknown>>, { forged } = { forged: false }): Promise<LabToken> {
    const token = await this.#given.partner.token(claims);
    return this.#names.name(forged ? await resigned(token) : token);
  }
}

/** The times of a track begin with it. */
function fromZero(messages: Track['messages']): Track['messages'] {
  const begun = messages[0]?.startedAt ?? 0;
  return messages.map((message) => ({ ...message, startedAt: message.startedAt - begun }));
}

/** The same header and claims, signed with a key that nobody knows. */
async function resigned(token: string): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256');
  return new SignJWT(decodeJwt(token))
    .setProtectedHeader({ ...decodeProtectedHeader(token), alg: 'ES256' })
    .sign(privateKey);
}
