import type { Message, TokenView, Track } from '../run/run.js';
import { asText } from '../run/as-text.js';
import type { Hop, MessageAnswer } from './message.js';

/** When something began and how long it took. Milliseconds, the first since the epoch. */
export interface Span {
  readonly startedAt: number;
  readonly duration: number;
}

/** What client-app itself has measured of this request. */
export interface Measured {
  /** Since the request of the browser came in. */
  readonly browser: Span;
  readonly userService: Span;
  /** Where user-service was called. */
  readonly url: string;
}

type Call = Hop['calls'][number];

/** The flow of one message, put together from what each service has measured and reported of itself. */
export function flowOf(
  { hops }: MessageAnswer,
  measured: Measured,
): { track: Pick<Track, 'title' | 'messages'>; tokens: readonly TokenView[] } {
  const tokens = hops.map(toToken);
  const called = hops.flatMap((hop, index) =>
    withoutExchange(hop.calls).map((call) => ofCall(hop, call, tokens, index)),
  );
  const first: Message = {
    from: 'browser',
    to: 'client-app',
    what: 'GET /api/user/message',
    ...measured.browser,
    note: 'until this page was made',
  };
  const second: Message = {
    from: 'client-app',
    to: 'user-service',
    what: 'GET /user/message',
    ...measured.userService,
    request: {
      method: 'GET',
      url: measured.url,
      headers: [['Authorization', `Bearer ${tokens[0]?.placeholder ?? '$TOKEN'}`]],
    },
    ...(tokens[0] && { presented: tokens[0].name }),
  };
  const begun = measured.browser.startedAt;
  const messages = [first, second, ...called]
    .sort((one, other) => one.startedAt - other.startedAt)
    .map((message) => ({ ...message, startedAt: Math.max(message.startedAt - begun, 0) }));
  return { track: { title: 'The way of your message', messages }, tokens };
}

/** A call begins where its exchange ends: the exchange is a part of its span, and stands for itself here. */
function withoutExchange(calls: readonly Call[]): readonly Call[] {
  return calls.map((call) => {
    const end = call.startedAt + call.duration;
    const inside = calls.find(
      (other) => isExchange(other) && other.startedAt >= call.startedAt && other.startedAt + other.duration <= end,
    );
    if (!inside || isExchange(call)) return call;
    const startedAt = inside.startedAt + inside.duration;
    return { ...call, startedAt, duration: end - startedAt };
  });
}

function isExchange({ attributes }: Call): boolean {
  return attributes['onbehalf.downstream'] === undefined;
}

function toToken({ claims, header }: Hop, index: number): TokenView {
  const letter = String.fromCharCode('A'.charCodeAt(0) + index);
  return { name: `Token ${letter}`, placeholder: `$TOKEN_${letter}`, header, claims };
}

function ofCall(
  { service }: Hop,
  { name, startedAt, duration, attributes }: Call,
  tokens: readonly TokenView[],
  index: number,
): Message {
  const [held, next] = [tokens[index], tokens[index + 1]];
  const downstream = attributes['onbehalf.downstream'];
  if (typeof downstream === 'string') {
    const status = attributes['http.response.status_code'];
    return {
      ...{ from: service, to: downstream, what: name.split(' ', 1)[0] ?? name, startedAt, duration },
      ...(next && { presented: next.name }),
      ...(typeof status === 'number' && { answer: { status, headers: [], body: '' } }),
    };
  }
  const audience = [attributes['onbehalf.audience'] ?? []].flat().map(asText).join(' ');
  const isCached = attributes['onbehalf.cache'] !== 'exchanged';
  return {
    ...{ from: service, to: 'auth-server', what: `exchange for ${audience}`, startedAt, duration },
    ...(held && { presented: held.name }),
    ...(next && { issued: next.name }),
    ...(isCached && { note: 'from its cache: exchanged for an earlier request' }),
  };
}
