import type { IncomingMessage, ServerResponse } from 'node:http';
import { pino, type DestinationStream, type Level, type Logger } from 'pino';
import { describeError } from './error-description.js';
import type { LogLevel } from './log-level.js';
import { HEALTH_PATH } from './health-path.js';
import type { Callers } from '../requests/callers.js';
import { pathOf, type Middleware } from '../requests/middleware.js';
import { currentRequestId, currentTraceId } from './tracing.js';

/** Three base64url parts that begin like a JSON object: a JWT, wherever in a line it stands. */
const JWT = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g;

const SECRET_MEMBERS = [
  'authorization',
  'cookie',
  'set-cookie',
  'dpop',
  'proxy-authorization',
  'password',
  'client_secret',
  'client_assertion',
  'access_token',
  'refresh_token',
  'id_token',
  'subject_token',
  'actor_token',
];

/** At info, Nest reports each module and route that it makes; that is of interest only when debugging. */
const NEST_START = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/** How a log line shows errors; the serializers of pino-http would write everything that an error holds. */
export const LINE_FORMAT = { serializers: { err: describeError, error: describeError }, wrapSerializers: false };

/** The logger of an app: JSON lines with the trace and request they belong to, and never a token. */
export function createLogger(app: string, level: LogLevel, destination?: DestinationStream): Logger {
  const logger = pino(
    {
      name: app,
      level: level.current,
      base: { name: app },
      mixin: () => ({ traceId: currentTraceId(), requestId: currentRequestId() }),
      serializers: LINE_FORMAT.serializers,
      formatters: { log: withoutRepeatedKeys },
      redact: {
        paths: SECRET_MEMBERS.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]),
        censor: '[redacted]',
      },
      onChild: (child) => level.follow(child as Logger),
      hooks: { streamWrite: (line) => line.replace(JWT, '[token]'), logMethod: demoteNestStart },
    },
    destination ?? pino.destination({ fd: 1, sync: true }),
  );
  level.follow(logger);
  return logger;
}

/** What every line begins with. */
const HEAD = ['level', 'time', 'name'];

/** A key that stands twice in a line is read once, and programs differ in which: what is logged gives way. */
function withoutRepeatedKeys(line: Record<string, unknown>): Record<string, unknown> {
  if (!HEAD.some((key) => Object.hasOwn(line, key))) return line;
  return Object.fromEntries(Object.entries(line).map(([key, value]) => [HEAD.includes(key) ? `${key}_` : key, value]));
}

function demoteNestStart(this: Logger, line: Parameters<pino.LogFn>, log: pino.LogFn, level: number): void {
  const [first] = line as [unknown];
  const context = typeof first === 'object' && first !== null ? (first as { context?: unknown }).context : undefined;
  if (level === pino.levels.values['info'] && NEST_START.has(String(context))) return this.debug(...line);
  log.apply(this, withOneMessage(line));
}

/** What is logged under `msg` beside a message gives way to it, as {@link withoutRepeatedKeys} does for the others. */
function withOneMessage(line: Parameters<pino.LogFn>): Parameters<pino.LogFn> {
  const [members, message, ...others] = line as [unknown, unknown, ...unknown[]];
  if (typeof members !== 'object' || members === null || members instanceof Error || message === undefined) return line;
  if (!Object.hasOwn(members, 'msg')) return line;
  const { msg, ...rest } = members as Record<string, unknown>;
  return [{ ...rest, msg_: msg }, message, ...others] as unknown as Parameters<pino.LogFn>;
}

/**
 * One line for each request when it is answered, or given up: who asked, method, path without query, status, time. No headers, no
 * bodies.
 */
export function logRequests(logger: Logger, callers: Callers): Middleware {
  // the members of this line are known and hold no secret; to look for one would cost more than the line
  const lines = logger.child({}, { redact: [] });
  return (request, response, next) => {
    const began = Date.now();
    // a socket that is closed has none any more
    const remoteAddress = callers.addressOf(request);
    response.once('close', () => {
      const line = {
        req: { method: request.method, url: pathOf(request), remoteAddress },
        res: { statusCode: response.statusCode },
        responseTime: Date.now() - began,
      };
      lines[levelOf(request, response)](line, response.writableFinished ? 'request completed' : 'request aborted');
    });
    next();
  };
}

/** How often an app says that it is refusing requests. Milliseconds. */
const REFUSALS_EVERY = 10_000;

/** One line when an app begins to refuse requests, and one each while it goes on: a line for each would be load, too. */
export function logRefusals(logger: Logger, limit: number): () => void {
  let refused = 0;
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    timer = undefined;
    if (refused === 0) return;
    logger.warn({ refused }, `busy with ${limit} requests (MAX_CONCURRENT_REQUESTS): refused further ones with 503`);
    refused = 0;
    timer = setTimeout(tell, REFUSALS_EVERY).unref();
  };
  return () => {
    refused += 1;
    if (timer === undefined) tell();
  };
}

function levelOf(request: IncomingMessage, { statusCode }: ServerResponse): Level {
  // probes, and polls that have found nothing new
  if (pathOf(request).startsWith(HEALTH_PATH) || statusCode === 304) return 'debug';
  return statusCode >= 500 ? 'error' : 'info';
}
