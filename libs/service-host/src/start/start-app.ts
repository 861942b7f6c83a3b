import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { ConfigurationError, valueOrFile } from '@onbehalf/oauth-protocol';
import type { z } from 'zod';
import { createApp, DRAIN_DEADLINE, readSettings, type AppOptions, type CreatedApp } from './create-app.js';
import { loadEnvironment, type EnvironmentSource } from './environment.js';
import { describeError } from '../telemetry/error-description.js';
import { ownPorts } from '../requests/own-ports.js';
import { checkFreePort } from './free-port.js';
import { answerSignals } from './held-signals.js';
import { giveBackStartMemory } from './start-memory.js';

/** What a module may still take after the last request, before the process leaves without it. Milliseconds. */
const CLOSE_DEADLINE = 5_000;

/**
 * Runs an app as this process: settings from the environment and `.env`, until SIGTERM, SIGINT, or SIGHUP where that means nothing else
 * to the app. What keeps it from starting is one line on standard error and exit code 1.
 */
export async function startApp<Schema extends z.ZodObject>(options: AppOptions<Schema>): Promise<void> {
  const started = Promise.withResolvers<CreatedApp>();
  answerFromNowOn(options, started.promise);
  try {
    // before OpenTelemetry gets what it reads there
    const given = { ...process.env };
    const load = (): EnvironmentSource => loadEnvironment('.env', given);
    const source = load();
    giveToOpenTelemetry(source);
    await checkPort(options, source);
    const created = await createApp(options, source, undefined, load);
    started.resolve(created);
    leaveOnUncaughtError();
    await giveBackStartMemory();
    const { port } = (await created.listen()).address() as AddressInfo;
    new Logger(options.name).log(`listening on http://localhost:${port}`);
    for (const [setting, server] of Object.entries(created.ownPorts)) {
      const { port: own } = server.address() as AddressInfo;
      new Logger(options.name).log(`listening on http://localhost:${own} (${setting})`);
    }
  } catch (error) {
    for (const line of explain(error, options.defaultPort)) process.stderr.write(`${options.name}: ${line}\n`);
    process.exit(1);
  }
}

/** Its SDK reads the process environment, and nothing else; headers may hold a secret, and so may stand in a file. */
function giveToOpenTelemetry(source: EnvironmentSource): void {
  for (const [name, value] of Object.entries(source)) if (name.startsWith('OTEL_')) process.env[name] = value;
  for (const signal of ['', 'TRACES_', 'LOGS_']) {
    const name = `OTEL_EXPORTER_OTLP_${signal}HEADERS`;
    const headers = valueOrFile(name, source);
    if (headers !== undefined) process.env[name] = headers;
  }
}

/** Before anything is built and logged, so that a port in use is one line and nothing else. */
async function checkPort(options: AppOptions<z.ZodObject>, source: EnvironmentSource): Promise<void> {
  const { settings } = readSettings(options, source);
  const { HOST, PORT } = settings;
  const others = ownPorts(options.ownPorts ?? {}, settings);
  for (const { setting, port } of [{ setting: 'PORT', port: PORT }, ...others]) {
    await checkFreePort(HOST, port).catch((error: Error) => {
      throw Object.assign(error, { setting });
    });
  }
}

type ListenError = NodeJS.ErrnoException & {
  port?: number;
  address?: string;
  hostname?: string;
  /** What names the port. */
  setting?: string;
};

function explain(error: unknown, defaultPort: number): readonly string[] {
  if (error instanceof AggregateError) return error.errors.flatMap((each) => explain(each, defaultPort));
  if (isConfigurationMistake(error)) return [error.message];
  const {
    code,
    port = defaultPort,
    address,
    hostname = address,
    syscall,
    path,
    setting = 'PORT',
  } = error as ListenError;
  if (code === 'EADDRINUSE') return [`port ${port} is in use; set ${setting} to another one`];
  if (code === 'EACCES' && syscall !== 'listen' && path !== undefined) {
    return [`${path} may not be ${syscall === 'mkdir' ? 'made' : 'opened'} by this user`];
  }
  if (code === 'EACCES') return [`port ${port} may not be opened by this user; set ${setting} to another one`];
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return [new ConfigurationError('HOST', hostname, 'an address of this machine').message];
  }
  return [describeError(error).stack ?? describeError(error).message];
}

/** Libraries that stand alone have errors of their own for this, of the same shape. */
function isConfigurationMistake(error: unknown): error is Error {
  return error instanceof Error && 'setting' in error && 'accepted' in error;
}

/** A hang-up that comes while the app starts waits for it; what ends the app ends its start. */
function answerFromNowOn({ name, onHangUp }: AppOptions<z.ZodObject>, started: Promise<CreatedApp>): void {
  let created: CreatedApp | undefined;
  let stopping = false;
  void started.then((app) => (created = app));
  answerSignals((signal) => {
    if (signal === 'SIGHUP' && onHangUp) return void hangUp(onHangUp, started);
    // a terminal and a parent process may both send it
    if (stopping) return;
    stopping = true;
    if (created) return void leave(created, signal);
    process.stderr.write(`${name}: ${signal}: ended before it had started\n`);
    process.exit(0);
  });
}

async function hangUp(
  onHangUp: NonNullable<AppOptions<z.ZodObject>['onHangUp']>,
  started: Promise<CreatedApp>,
): Promise<void> {
  try {
    await onHangUp((await started).app);
  } catch (error) {
    new Logger('SIGHUP').error(error);
  }
}

async function leave(created: CreatedApp, signal: NodeJS.Signals): Promise<void> {
  const logger = new Logger('shutdown');
  logger.log(`${signal}: finishing open requests`);
  try {
    const delay = created.settings.SHUTDOWN_DELAY * 1000;
    const drained = await withDeadline(created.close(), delay + DRAIN_DEADLINE + CLOSE_DEADLINE);
    if (!drained) logger.warn('Requests that were still open were cut off');
    process.exit(0);
  } catch (error) {
    logger.error(error);
    process.exit(1);
  }
}

async function withDeadline<T>(closing: Promise<T>, deadline: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('A module did not close in time')), deadline);
  });
  return Promise.race([closing, late]).finally(() => clearTimeout(timer));
}

/** Node would print the whole error, with whatever request and token it carries. */
function leaveOnUncaughtError(): void {
  process.on('uncaughtException', (error) => {
    new Logger('process').fatal(error);
    process.exit(1);
  });
}
