import type { Message, Track } from '../../run/run.js';
import type { LabToken, TokenNames } from './token-names.js';
import type { Received, Sending, Wire } from './wire.js';

/** Keeps the messages of one track in the order in which they were sent. */
export class TrackRecorder {
  readonly messages: Message[] = [];

  constructor(
    private readonly wire: Wire,
    private readonly names: TokenNames,
  ) {}

  get outcome(): Track['outcome'] {
    const status = this.messages.at(-1)?.answer?.status ?? 0;
    return status >= 200 && status < 400 ? 'accepted' : 'refused';
  }

  async send(sending: Sending): Promise<Received & { readonly token?: LabToken }> {
    const received = await this.wire.send(sending);
    this.messages.push(received.message);
    const { access_token: token } = received.json;
    return typeof token === 'string' ? { ...received, token: this.names.name(token) } : received;
  }
}
