/** `npm start`: builds the apps, starts the processes of the demo with embedded defaults, and stops them at Ctrl-C. */
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { LegacySystem } from './legacy.ts';
import { DEFAULT_PORTS, DEMO, System, type AppName } from './system.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const WIDTH = Math.max(...DEMO.map((app) => app.length));

if (process.argv.includes('--help')) {
  console.log(help());
  process.exit();
}
await checkPorts();
build();
const legacy = process.env['NODE_ENV'] === 'production' ? undefined : await LegacySystem.start();
const settings = { ...inherited(), ...legacy?.settings };
const system = new System(ports(), settings, (app, line) => console.log(`${app.padEnd(WIDTH)}  ${readable(line)}`));
const stopping = Promise.race(
  ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => new Promise((stop) => process.once(signal, stop))),
);
const started = system.start(...DEMO);
const ended = Promise.race(started.map(async (app) => app.exit.then(() => `${app.name} has ended`)));
const ready = Promise.all(started.map((app) => app.ready())).then(
  () => undefined,
  ({ message }: Error) => message.split(':', 1)[0]!,
);

const problem = await Promise.race([ended, ready, stopping.then(() => undefined)]);
if (problem === undefined && started.every(({ running }) => running)) console.log(table());
const reason = problem ?? (await Promise.race([ended, stopping.then(() => undefined)]));
if (reason !== undefined) {
  console.error(`${reason}; stopping the others`);
  process.exitCode = 1;
}
await system.down();
await legacy?.stop();
console.log('All apps have stopped.');
process.exit();

/** Before anything is built: a port in use is one line, with the variable that changes it. */
async function checkPorts(): Promise<void> {
  for (const app of DEMO) {
    const port = ports()[app];
    const problem = await portProblem(port);
    if (problem === undefined) continue;
    console.error(`${app}: port ${port} ${problem}; set ${portVariable(app)} to another one`);
    process.exit(1);
  }
}

async function portProblem(port: number): Promise<string | undefined> {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return 'is no port';
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code === 'EADDRINUSE' ? 'is in use' : `cannot be opened (${code})`),
    );
    probe.listen(port, process.env['HOST'] ?? '127.0.0.1', () => probe.close(() => resolve(undefined)));
  });
}

function build(): void {
  console.log('Building …');
  const result = spawnSync('nx', ['run-many', '-t', 'build', '--outputStyle=static'], { cwd: root, encoding: 'utf8' });
  if (result.status === 0) return;
  console.error(result.error?.message ?? result.stdout + result.stderr);
  process.exit(1);
}

/** `AUTH_SERVER_PORT`, `CLIENT_APP_PORT` and so on, or the defaults. */
function ports(): Record<AppName, number> {
  return Object.fromEntries(
    DEMO.map((app) => [app, Number(process.env[portVariable(app)] ?? DEFAULT_PORTS[app])]),
  ) as Record<AppName, number>;
}

function portVariable(app: AppName): string {
  return `${app.toUpperCase().replaceAll('-', '_')}_PORT`;
}

/** The settings that make sense for all apps at once. */
function inherited(): Record<string, string> {
  const telemetry = Object.keys(process.env).filter((name) => /^OTEL_(?!SERVICE_NAME)/.test(name));
  const own = [
    'LOG_LEVEL',
    'AUTH_SERVER_CONFIG',
    'DATABASE_URL',
    'PARTNER_DATABASE_URL',
    'CLIENT_APP_DATABASE_URL',
    'CALENDAR_DATABASE_URL',
    'ENCRYPTION_KEYS',
    'HOST',
  ];
  const names = [...own, ...telemetry];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function table(): string {
  const rows = [
    ['App', 'Address', 'Health'],
    ...DEMO.map((app) => [app, system.url(app), `${system.url(app)}/health/ready`]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('   ')
      .trimEnd(),
  );
  return [
    '',
    ...lines,
    '',
    ...moved(),
    ...(legacy ? [`A system from before OAuth: ${legacy.url}/idp`] : []),
    `Open ${system.url('client-app')} and sign in as baeldung / password.`,
    `Try: the message of a user by two exchanges, ${system.url('client-app')}/; every kind of exchange and every refusal, ${system.url('client-app')}/lab;`,
    `the API of a service, ${system.url('user-service')}/docs. More by hand, with curl: README.md. Ctrl-C stops everything.`,
    '',
  ].join('\n');
}

/** What has followed a port that was changed: the apps are told of each other by address. */
function moved(): string[] {
  const changed = DEMO.filter((app) => ports()[app] !== DEFAULT_PORTS[app]);
  if (changed.length === 0) return [];
  return [`On other ports: ${changed.join(', ')}. The other apps, redirect URIs and issuers follow them.`, ''];
}

function help(): string {
  const names = DEMO.map((app) => `  ${portVariable(app).padEnd(WIDTH + 5)}  ${DEFAULT_PORTS[app]}`);
  return [
    'npm start: builds the apps of the demo and runs them until Ctrl-C. Everything has a default.',
    '',
    'Ports, as environment variables; the others follow a port that is changed:',
    ...names,
    '',
    'Further settings, for all apps: LOG_LEVEL, HOST, AUTH_SERVER_CONFIG, DATABASE_URL, PARTNER_DATABASE_URL,',
    'CALENDAR_DATABASE_URL, CLIENT_APP_DATABASE_URL, ENCRYPTION_KEYS, OTEL_*. What they mean:',
    'docs/configuration.md',
    '',
    'Example: CLIENT_APP_PORT=9090 npm start',
  ].join('\n');
}

/** A log line for people: what is not JSON stays as it is. */
function readable(line: string): string {
  try {
    const { time, level, msg, event, req, res, responseTime, traceId, err } = JSON.parse(line) as LogLine;
    const request = req && `${req.method} ${req.url} ${res?.statusCode ?? ''} ${responseTime ?? ''}ms`;
    const parts = [
      clockTime(time),
      (level ?? 30) >= 40 ? '!' : undefined,
      request ?? msg ?? event,
      err?.message,
      traceId && `trace ${traceId}`,
    ];
    return parts.filter((part) => part !== undefined && part !== '').join('  ');
  } catch {
    return line;
  }
}

interface LogLine {
  readonly time?: number | string;
  readonly level?: number;
  readonly msg?: string;
  /** What a line without words is about. */
  readonly event?: string;
  readonly req?: { method: string; url: string };
  readonly res?: { statusCode: number };
  readonly responseTime?: number;
  readonly traceId?: string;
  readonly err?: { message?: string };
}

function clockTime(time: number | string | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toLocaleTimeString('en-GB');
}
