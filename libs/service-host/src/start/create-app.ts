import type { Server } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Logger } from 'nestjs-pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import type { z } from 'zod';
import { Callers } from '../requests/callers.js';
import { beforeExpress } from '../requests/before-express.js';
import { Draining } from '../requests/draining.js';
import { readEnvironment, type EnvironmentSource } from './environment.js';
import { healthEndpoints, HEALTH_ENDPOINTS, type ReadinessIndicators } from '../telemetry/health.js';
import type { Host } from './host.js';
import { HostModule } from './host.module.js';
import { LoadShedding, type OverloadOptions } from '../requests/load-shedding.js';
import type { Middleware } from '../requests/middleware.js';
import { LogLevel } from '../telemetry/log-level.js';
import { createLogger, logRefusals, logRequests } from '../telemetry/logging.js';
import { serveOpenApi, type OpenApiOptions } from '../requests/open-api.js';
import { OwnPorts, ownPorts } from '../requests/own-ports.js';
import { refuseTargets } from '../requests/refuse-targets.js';
import type { RefusalPage } from '../requests/refusal-page.js';
import { answerUnreadable } from '../requests/unreadable-requests.js';
import { secureHeaders } from '../requests/security-headers.js';
import { readByOthers } from './read-by-others.js';
import { hostSettings, type HostSettings } from './settings.js';
import { isExported, telemetrySettings, type TelemetrySettings } from '../telemetry/telemetry-settings.js';
import { flushSpans, startTracing, traceRequests } from '../telemetry/tracing.js';

/** What makes one app different from another. */
export interface AppOptions<Schema extends z.ZodObject> {
  readonly name: string;
  readonly defaultPort: number;
  /** The app's own settings; HOST, PORT, LOG_LEVEL and those of OpenTelemetry are added. */
  readonly environment: Schema;
  /** The root module, made from the settings that were read. */
  readonly module: (settings: z.output<Schema> & HostSettings & TelemetrySettings, host: Host) => DynamicModule | Type;
  readonly readiness?: ReadinessIndicators;
  readonly openApi?: OpenApiOptions;
  readonly overload?: OverloadOptions;
  /** Paths that are on a port of their own where a setting of `environment` names one: by that setting, in lower case. */
  readonly ownPorts?: Readonly<Record<string, readonly string[]>>;
  /** For an app that serves pages: directives by name. Without it, answers may load nothing. */
  readonly contentSecurityPolicy?: (settings: z.output<Schema>) => Readonly<Record<string, readonly string[]>>;
  /** Tells browsers in a page what is refused before the app itself sees it. */
  readonly refusalPage?: (app: NestExpressApplication) => RefusalPage;
  /** Whole protocols that need nothing of Express, such as an authorization server's: behind logs and health, before it. */
  readonly middleware?: (app: NestExpressApplication) => readonly Middleware[];
  /** What SIGHUP means to the app; without it, the app ends as by SIGTERM. */
  readonly onHangUp?: (app: NestExpressApplication) => Promise<void>;
  /** Mounts middleware of Express, before any body parser. */
  readonly configure?: (app: NestExpressApplication, settings: z.output<Schema> & HostSettings) => void | Promise<void>;
}

/** An app that is ready to listen. */
export interface CreatedApp {
  readonly app: NestExpressApplication;
  readonly settings: HostSettings;
  /** The servers on ports of their own, by the setting that names the port. */
  readonly ownPorts: Readonly<Record<string, Server>>;
  /** Starts to accept connections. Port 0 takes a free one: the address is the server's. */
  listen(): Promise<Server>;
  /**
   * Becomes unready, stops accepting after SHUTDOWN_DELAY, finishes what was begun and closes the app's modules.
   * @param deadline milliseconds from then on until open connections are cut
   * @returns whether everything ended before the deadline
   */
  close(deadline?: number): Promise<boolean>;
}

/** How long open requests may take to end when an app stops. Milliseconds. */
export const DRAIN_DEADLINE = 10_000;

/** How long a client may take to send a request, and how often that is looked at: every 30 s unless told. Milliseconds. */
const SLOWEST_CLIENT = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 1_000 };

/**
 * Longer than load balancers keep idle connections, 60 s as a rule: whoever closes first must not be the one who is about to
 * be asked. Milliseconds.
 */
const KEEP_ALIVE = { keepAliveTimeout: 65_000 };

/** A failure to start is the caller's to report, in one line: Nest keeps its lines until the app's logger takes them. */
const NEST_OPTIONS = { bufferLogs: true, autoFlushLogs: false, abortOnError: false };

/**
 * Creates an app with everything around its module.
 * @param readAgain reads the environment when the app asks what has changed
 * @throws ConfigurationError (or an AggregateError of them) when a setting is refused
 */
export async function createApp<Schema extends z.ZodObject>(
  options: AppOptions<Schema>,
  source: EnvironmentSource,
  logDestination?: DestinationStream,
  readAgain: () => EnvironmentSource = () => source,
): Promise<CreatedApp> {
  const { own, settings } = readSettings(options, source);
  const logLevel = new LogLevel(settings.LOG_LEVEL);
  const others = readByOthers(source);
  const host: Host = {
    logLevel,
    changedSettings: () => {
      const now = readAgain();
      const changed = differing(settings, readSettings(options, now).settings);
      return [...new Set([...changed, ...differing(others, readByOthers(now))])];
    },
  };
  const logger = createLogger(options.name, logLevel, logDestination);
  await startTracing(options.name, isExported('TRACES', settings), logger);
  const root = HostModule.around(options.module(settings, host), logger);
  const app = await NestFactory.create<NestExpressApplication>(root, NEST_OPTIONS);
  app.disable('x-powered-by');
  app.useLogger(app.get(Logger));
  app.flushLogs();
  const draining = new Draining();
  const ports = new OwnPorts(ownPorts(options.ownPorts ?? {}, settings), app.getHttpServer());
  answerBeforeExpress(app, options, { own, settings, logger, draining, ports });
  await options.configure?.(app, settings);
  if (options.openApi) await serveOpenApi(app, options.openApi);
  await app.init();
  return {
    app,
    settings,
    ownPorts: Object.fromEntries(ports.servers.map(({ setting, server }) => [setting, server])),
    listen: async () => {
      for (const { server, port, setting } of ports.servers) await listen(server, { ...settings, PORT: port }, setting);
      return listen(app.getHttpServer(), settings);
    },
    close: async (deadline = DRAIN_DEADLINE) => {
      await draining.announce(settings.SHUTDOWN_DELAY * 1000);
      const servers = [app.getHttpServer(), ...ports.servers.map(({ server }) => server)].filter(isListening);
      const drained = await Promise.all(servers.map((server) => draining.drain(server, deadline)));
      await app.close();
      await flushSpans();
      return drained.every(Boolean);
    },
  };
}

/** What an app reads from its environment: its own, and with that what every app does. */
export function readSettings<Schema extends z.ZodObject>(
  options: AppOptions<Schema>,
  source: EnvironmentSource,
): {
  readonly own: z.output<Schema>;
  readonly settings: z.output<Schema> & HostSettings & TelemetrySettings;
} {
  const own = readEnvironment(options.environment, source);
  const host = readEnvironment(hostSettings(options.defaultPort), source);
  return { own, settings: { ...own, ...host, ...readEnvironment(telemetrySettings, source) } };
}

function differing(before: Readonly<Record<string, unknown>>, now: Readonly<Record<string, unknown>>): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].filter((name) => !isDeepStrictEqual(before[name], now[name]));
}

interface Around<Own> {
  readonly own: Own;
  readonly settings: HostSettings;
  readonly logger: PinoLogger;
  readonly draining: Draining;
  readonly ports: OwnPorts;
}

/** What every request passes, in this order, before Express sees it. */
function answerBeforeExpress<Schema extends z.ZodObject>(
  app: NestExpressApplication,
  options: AppOptions<Schema>,
  { own, settings, logger, draining, ports }: Around<z.output<Schema>>,
): void {
  const page = options.refusalPage?.(app);
  const callers = new Callers(settings.TRUSTED_PROXIES ?? []);
  beforeExpress(
    app.getHttpServer(),
    logger,
    [
      draining.middleware,
      shedding(settings, logger, options.overload).middleware,
      traceRequests(options.name),
      logRequests(logger, callers),
      secureHeaders(callers, options.contentSecurityPolicy?.(own)),
      refuseTargets(page),
      healthEndpoints(app, options.readiness ?? {}, () => draining.begun),
      ports.divide(page),
      ...(options.middleware?.(app) ?? []),
    ],
    page,
  );
  for (const server of [app.getHttpServer(), ...ports.servers.map((each) => each.server)])
    answerUnreadable(server, page);
}

function shedding(
  { MAX_CONCURRENT_REQUESTS }: HostSettings,
  logger: PinoLogger,
  overload: OverloadOptions = {},
): LoadShedding {
  const { alwaysAnswered = [], onRefused } = overload;
  const log = logRefusals(logger, MAX_CONCURRENT_REQUESTS);
  return new LoadShedding(MAX_CONCURRENT_REQUESTS, [...HEALTH_ENDPOINTS, ...alwaysAnswered], () => {
    log();
    onRefused?.();
  });
}

const isListening = (server: Server): boolean => server.listening;

/** @param setting names the port, for whoever reports that it is in use */
function listen(server: Server, { HOST, PORT }: HostSettings, setting = 'PORT'): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(Object.assign(error, { setting })));
    Object.assign(server, SLOWEST_CLIENT, KEEP_ALIVE);
    server.listen(PORT, HOST, () => {
      server.removeAllListeners('error');
      resolve(server);
    });
  });
}
