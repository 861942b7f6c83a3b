import { randomBytes } from 'node:crypto';

/**
 * A UUID that begins with the time (RFC 9562 §5.7, version 7): what is issued one after the other stands side by side in the
 * indexes of a database. 74 bits are random; the time is no secret, a token tells it as `iat`.
 */
export function timeOrderedId(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
