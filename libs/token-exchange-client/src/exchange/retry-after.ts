/** The longest time that a server can ask to be left alone. Seconds. */
const MAX_RETRY_AFTER = 300;

/** Seconds to wait, from a `Retry-After` header: a number of seconds or a date. RFC 9110 §10.2.3. */
export function parseRetryAfter(value: string | null | undefined): number | undefined {
  if (!value) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  if (!Number.isFinite(seconds) || seconds < 0) return undefined;
  return Math.min(MAX_RETRY_AFTER, Math.ceil(seconds));
}
