import type { Message, Track } from '../../run/run.js';
import { Answer } from './answer.js';
import type { Sending, Wire } from './wire.js';

/** Keeps the messages of one track in the order in which they were sent. */
export class TrackRecorder {
  readonly messages: Message[] = [];

  constructor(private readonly wire: Wire) {}

  get outcome(): Track['outcome'] {
    const last = this.messages.at(-1);
    const status = last?.answer?.status ?? 0;
    const isOutOfReach = last?.request !== undefined && !last.answer;
    if (!last || isOutOfReach || status >= 500) return 'failed';
    return status >= 200 && status < 400 ? 'accepted' : 'refused';
  }

  async send(sending: Sending): Promise<Answer> {
    const { message, status, json, token, etag } = await this.wire.send(sending);
    this.messages.push(message);
    return new Answer(status, json, token, etag);
  }

  /** Several requests that are told as one. Without a result they have failed. */
  async during<Result>(
    event: Pick<Message, 'from' | 'to' | 'what'>,
    work: () => Promise<Result | undefined>,
  ): Promise<Result | undefined> {
    const startedAt = this.wire.now;
    const result = await work().catch(() => undefined);
    const duration = this.wire.now - startedAt;
    this.messages.push({
      ...event,
      startedAt,
      duration,
      ...(result === undefined && { failure: 'It came to nothing.' }),
    });
    return result;
  }

  /** What was no request. */
  put(event: Pick<Message, 'from' | 'to' | 'what' | 'failure' | 'note' | 'presented' | 'issued'>): void {
    this.messages.push({ ...event, startedAt: this.wire.now, duration: 0 });
  }
}
