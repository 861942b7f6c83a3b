import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import type { Pair, ReceivedAnswer, Track, Way } from '../../run/run.js';
import type { Addresses } from './addresses.js';
import { LabToken, type TokenNames } from './token-names.js';
import type { TrackRecorder } from './track-recorder.js';

/** The parameters of an exchange beside the subject token. RFC 8693 §2.1 */
export interface ExchangeParameters {
  readonly audience?: string;
  readonly scope?: string;
  readonly subjectTokenType?: string;
  readonly actorToken?: LabToken;
  readonly requestedTokenType?: string;
  /** Further parameters, as they are sent. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where the token of another issuer stands in the way of a name: what the exchange is for. */
  readonly what?: string;
}

/** What the token endpoint answered. */
export interface TokenAnswer {
  readonly token?: LabToken;
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

/** A call of a service. */
export interface ServiceCall {
  readonly from: string;
  readonly to: string;
  readonly url: string;
  readonly what?: string;
  readonly token?: LabToken;
  readonly scheme?: 'Bearer' | 'DPoP';
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly answer?: ReceivedAnswer;
  readonly json: Readonly<Record<string, unknown>>;
}

/** What a card has at hand when its button is pressed. Whatever it sends goes over real HTTP, and into the inspector. */
export interface Experiment {
  /** Who is signed in. */
  readonly user: string;
  /** The access token of this login, for user-service. */
  readonly userToken: LabToken;
  /** What was filled in, by the name of the field. */
  readonly fields: Readonly<Record<string, string>>;
  readonly addresses: Addresses;
  readonly names: TokenNames;
  /** One way to do it; several stand side by side in the inspector. */
  track(title: string, way: Way, work: (track: ExperimentTrack) => Promise<Lesson>): Promise<void>;
}

/** What a track shows, said after it has happened, so that it says what did happen. */
export interface Lesson {
  readonly lesson: string;
  /** What the last service saw, or what else is worth to be put side by side. */
  readonly seen?: readonly Pair[];
}

/** The requests of one way. */
export class ExperimentTrack {
  constructor(
    private readonly recorder: TrackRecorder,
    private readonly addresses: Addresses,
  ) {}

  /** Whether the last answer was a success. */
  get outcome(): Track['outcome'] {
    return this.recorder.outcome;
  }

  /** Exchanges a token as this client, one of those that the lab plays. RFC 8693 §2.1 */
  exchange(client: string, subject: LabToken, given: ExchangeParameters): Promise<TokenAnswer> {
    const { audience, scope, actorToken, requestedTokenType, parameters = {} } = given;
    const form: [string, string | LabToken][] = [
      ['grant_type', GrantType.TokenExchange],
      ['subject_token', subject],
      ['subject_token_type', given.subjectTokenType ?? TokenType.AccessToken],
    ];
    if (actorToken) form.push(['actor_token', actorToken], ['actor_token_type', TokenType.AccessToken]);
    if (audience !== undefined) form.push(['audience', audience]);
    if (scope !== undefined) form.push(['scope', scope]);
    if (requestedTokenType !== undefined) form.push(['requested_token_type', requestedTokenType]);
    form.push(...Object.entries(parameters));
    return this.ask(client, form, {
      what: given.what ?? `exchange for ${audience ?? 'the default target'}`,
      about: subject,
      headers: given.headers,
    });
  }

  /** A token of the client for itself. RFC 6749 §4.4 */
  clientCredentials(
    client: string,
    scope: string,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<TokenAnswer> {
    const form = [
      ['grant_type', GrantType.ClientCredentials],
      ['scope', scope],
      ...Object.entries(parameters),
    ] as const;
    return this.ask(client, form as readonly (readonly [string, string])[], { what: 'client credentials' });
  }

  /** Any other request at the token endpoint, as this client. */
  async ask(
    client: string,
    form: readonly (readonly [string, string | LabToken])[],
    told: {
      readonly what: string;
      readonly about?: LabToken;
      readonly headers?: Readonly<Record<string, string>> | undefined;
    },
  ): Promise<TokenAnswer> {
    const { url, secret } = this.addresses.tokenEndpoint;
    const { what, about, headers } = told;
    const credentials = { id: client, secret };
    const sending = { from: client, to: 'auth-server', what, url, form, client: credentials };
    const { json, status, token } = await this.recorder.send({
      ...sending,
      ...(about && { about }),
      ...(headers && { headers }),
    });
    return { json, status, ...(status === 200 && token && { token }) };
  }

  /** Calls a service. */
  async call({ what, ...call }: ServiceCall): Promise<ServiceAnswer> {
    const path = new URL(call.url).pathname;
    const { status, json, message } = await this.recorder.send({
      ...call,
      what: what ?? `${call.method ?? 'GET'} ${path}`,
    });
    return { status, json, ...(message.answer && { answer: message.answer }) };
  }
}
