import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import type { Action, Pair, Track, Way } from '../../run/run.js';
import type { Addresses, ClientWithSecret, WorkloadClient } from './addresses.js';
import type { Answer } from './answer.js';
import type { DpopKey } from './dpop-key.js';
import type { OtherBrowser } from './other-browser.js';
import type { ProcessName, Started } from './processes.js';
import type { LabToken, TokenNames } from './token-names.js';
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
  /** What is sent along. */
  readonly form?: readonly Pair[];
}

/** A token endpoint, and the client that asks there. */
export interface AskedServer {
  readonly name: string;
  readonly url: string;
  readonly client: ClientWithSecret | WorkloadClient;
}

/** What a card has at hand when its button is pressed. Whatever it sends goes over real HTTP, and into the inspector. */
export interface Experiment {
  /** Who is signed in. */
  readonly user: string;
  /** The access token of this login, for user-service. */
  readonly userToken: LabToken;
  /** The ID token of this login. */
  readonly idToken: () => Promise<LabToken>;
  /** What was filled in, by the name of the field. */
  readonly fields: Readonly<Record<string, string>>;
  readonly addresses: Addresses;
  readonly names: TokenNames;
  /** One way to do it; several stand side by side in the inspector. */
  readonly track: (
    title: string,
    way: Way,
    work: (track: ExperimentTrack) => Promise<Lesson> | Lesson,
  ) => Promise<void>;
  /** Starts a service that is made for this experiment; it ends with it. */
  readonly start: (name: ProcessName, settings: Readonly<Record<string, string>>) => Promise<Started>;
  /** A token of the issuer that the authorization server trusts, or one that only says so. */
  readonly foreignToken: (
    claims: Readonly<Record<string, unknown>>,
    how?: { readonly forged: boolean },
  ) => Promise<LabToken>;
  /** Another browser of the user, which is signed in nowhere. */
  readonly otherBrowser: () => OtherBrowser;
  /** A new key for DPoP proofs. */
  readonly dpopKey: () => Promise<DpopKey>;
}

/** What a track shows, said after it has happened, so that it says what did happen. */
export interface Lesson {
  readonly lesson: string;
  /** Something that the way needs was out of reach, so it shows nothing. */
  readonly failed?: boolean;
  /** What the last service saw, or what else is worth to be put side by side. */
  readonly seen?: readonly Pair[];
  /** What the user can do about it, at the authorization server. */
  readonly action?: Action | undefined;
}

/** What is told of a request for a token. */
interface AskedFor {
  readonly what: string;
  readonly about?: LabToken;
  readonly headers?: Readonly<Record<string, string>> | undefined;
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
  exchange(client: string, subject: LabToken, given: ExchangeParameters): Promise<Answer> {
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
  clientCredentials(client: string, scope: string, parameters: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const form = Object.entries({ grant_type: GrantType.ClientCredentials, scope, ...parameters });
    return this.ask(client, form, { what: 'client credentials' });
  }

  /** Any other request at the token endpoint, as this client; one that the lab does not play brings its own secret. */
  async ask(
    client: string | ClientWithSecret | WorkloadClient,
    form: readonly (readonly [string, string | LabToken])[],
    told: AskedFor,
  ): Promise<Answer> {
    const { url, secret } = this.addresses.tokenEndpoint;
    const credentials = typeof client === 'string' ? { id: client, secret } : client;
    return this.askAt({ name: 'auth-server', url, client: credentials }, credentials.id, form, told);
  }

  /** A request at a token endpoint. `from`: who asks, whose name there may be another */
  askAt(
    { name, url, client }: AskedServer,
    from: string,
    form: readonly (readonly [string, string | LabToken])[],
    { what, about, headers }: AskedFor,
  ): Promise<Answer> {
    const sending = { from, to: name, what, url, form, client };
    return this.recorder.send({
      ...sending,
      ...(about && { about }),
      ...(headers && { headers }),
    });
  }

  /** Calls a service. */
  call({ what, ...call }: ServiceCall): Promise<Answer> {
    const path = new URL(call.url).pathname;
    return this.recorder.send({ ...call, what: what ?? `${call.method ?? 'GET'} ${path}` });
  }

  /** Ends a token before its time. RFC 7009 */
  async revoke(client: string, token: LabToken): Promise<void> {
    const { tokenEndpoint, revocationEndpoint: url = '' } = this.addresses;
    const credentials = { id: client, secret: tokenEndpoint.secret };
    const form = [['token', token]] as const;
    await this.recorder.send({
      from: client,
      to: 'auth-server',
      what: 'revoke it',
      url,
      form,
      client: credentials,
      about: token,
    });
  }

  /** Several requests that are told as one, such as a sign-in; `undefined`: they came to nothing. */
  steps<Result>(
    event: { readonly from: string; readonly to: string; readonly what: string },
    work: () => Promise<Result | undefined>,
  ): Promise<Result | undefined> {
    return this.recorder.during(event, work);
  }

  /** Puts down what went before, or what others did by themselves. */
  note(event: Parameters<TrackRecorder['put']>[0]): void {
    this.recorder.put(event);
  }

  /** Puts down what was no request, such as a service that would not start; it is also what the track shows. */
  say(event: { readonly from: string; readonly to: string; readonly what: string; readonly failure: string }): Lesson {
    this.recorder.put(event);
    return { lesson: event.failure };
  }
}
