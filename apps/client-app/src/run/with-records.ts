import type { AuditRecord, Message, TokenView, Track } from './run.js';

/** Those that keep records: the one of this domain, and the one of the other company. */
const SERVERS = ['auth-server', 'partner'];

/** Puts beside each request for a token what the authorization server has written down of it. */
export function withRecords<T extends Pick<Track, 'messages'>>(
  tracks: readonly T[],
  tokens: readonly TokenView[],
  records: readonly AuditRecord[],
): readonly T[] {
  const left = [...records].reverse();
  const find = (message: Message): AuditRecord | undefined => {
    const tokenId = tokens.find(({ name }) => name === message.issued)?.claims['jti'];
    const index = left.findIndex((record) =>
      message.issued ? record.tokenId === tokenId : isRefusalOf(record, message),
    );
    return index < 0 ? undefined : left.splice(index, 1)[0];
  };
  return tracks.map((track) => ({
    ...track,
    messages: track.messages.map((message) => {
      if (!SERVERS.includes(message.to)) return message;
      const record = message.record ?? find(message);
      return record ? { ...message, record } : message;
    }),
  }));
}

/** The oldest that fits: requests of one client are recorded in the order in which they were sent. */
function isRefusalOf({ outcome, client }: AuditRecord, { from, answer }: Message): boolean {
  return outcome !== 'issued' && client === from && (answer?.status ?? 0) >= 400;
}
