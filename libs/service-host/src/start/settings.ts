import { z } from 'zod';
import { LOG_LEVELS, type LogLevelName } from '../telemetry/log-level.js';

/**
 * A whole second of work or less on one core, and a burst that is not yet an overload. What takes 1 ms of a core is
 * answered within 200 ms at the limit.
 */
const MAX_CONCURRENT_REQUESTS = 200;

/** A TCP port; 0 takes a free one. */
export function port(defaultPort: number): z.ZodType<number>;
/** As above, where there is none unless it is set. */
export function port(): z.ZodType<number>;
export function port(defaultPort?: number): z.ZodType<number> {
  const expected = 'a port, a whole number from 0 to 65535';
  const given = z
    .string()
    .regex(/^\d{1,5}$/, expected)
    .transform(Number)
    .refine((value) => value <= 65_535, expected);
  return defaultPort === undefined ? given : given.default(defaultPort);
}

/**
 * An absolute http or https URL without credentials, query or fragment, as it was written: its beginning tells whether it is by TLS, so
 * that is spelled in one way.
 */
export function httpUrl(): z.ZodString {
  const expected = 'an absolute http or https URL without credentials, query or fragment';
  return z.string(expected).refine(isHttpUrl, expected);
}

/** Text that must be there. */
export function text(expected = 'a text that is not empty'): z.ZodString {
  return z.string(expected).min(1, expected);
}

/** A whole number from 1 to `most`; `unit` says of what. */
export function wholeNumber(most: number, unit: string): z.ZodType<number, string> {
  const expected = `a whole number of ${unit} from 1 to ${most}`;
  return z
    .string()
    .regex(/^[1-9]\d*$/, expected)
    .transform(Number)
    .refine((value) => value <= most, expected);
}

type HostShape = {
  HOST: z.ZodType<string>;
  PORT: z.ZodType<number>;
  LOG_LEVEL: z.ZodType<LogLevelName>;
  MAX_CONCURRENT_REQUESTS: z.ZodType<number>;
  SHUTDOWN_DELAY: z.ZodType<number>;
  TRUSTED_PROXIES: z.ZodType<string[] | undefined>;
};

/** What every app reads, beside its own settings. */
export function hostSettings(defaultPort: number): z.ZodObject<HostShape> {
  return z.object({
    HOST: z.string().default('127.0.0.1'),
    PORT: port(defaultPort),
    LOG_LEVEL: z.enum(LOG_LEVELS, `one of ${LOG_LEVELS.join(', ')}`).default('info'),
    MAX_CONCURRENT_REQUESTS: z
      .string()
      .regex(/^[1-9]\d{0,5}$/, 'a whole number from 1 to 999999')
      .transform(Number)
      .default(MAX_CONCURRENT_REQUESTS),
    SHUTDOWN_DELAY: z
      .string()
      .regex(/^([0-9]|[1-5][0-9]|60)$/, 'a whole number of seconds from 0 to 60')
      .transform(Number)
      .default(0),
    TRUSTED_PROXIES: z
      .string()
      .transform((networks) => networks.split(',').map((network) => network.trim()))
      .optional(),
  });
}

/** Where an app listens, and how much it says. */
export type HostSettings = z.output<z.ZodObject<HostShape>>;

function isHttpUrl(value: string): boolean {
  if (!/^https?:\/\/[^\s\\?#]+$/.test(value) || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username + password === '';
}
