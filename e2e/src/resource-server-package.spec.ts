import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestIssuer, type ServedTestIssuer } from '@onbehalf/testing';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { INSTALL, packLibraries, run } from './packed-application.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const README = join(root, 'libs/resource-server/README.md');
const LIBRARIES = ['oauth-protocol', 'jwt-verification', 'resource-server', 'testing'];

/** What the README says to install, and what any Nest application has; in the versions of this repository. */
const DEPENDENCIES = [
  ...['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', '@nestjs/passport', 'reflect-metadata', 'rxjs'],
  ...['passport', 'passport-jwt', 'jose'],
  ...['@nestjs/testing', 'supertest', '@types/node', '@types/supertest', 'typescript'],
];

const MAIN = `
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, { logger: ['error'] });
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
console.log(await app.getUrl());
`;

const COMPILER_OPTIONS = {
  target: 'ES2023',
  module: 'nodenext',
  rootDir: 'src',
  outDir: 'dist',
  strict: true,
  skipLibCheck: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  types: ['node'],
};

function say(what: string): void {
  process.stderr.write(`resource-server package: ${what}\n`);
}

/** What the test of the README takes for granted. */
const TEST_HEAD = `
import { ResourceServerModule } from '@onbehalf/resource-server';
import { createTestIssuer } from '@onbehalf/testing';
import { test } from 'node:test';
import { MessageController } from './app.module.js';
`;

/** The first two code blocks of the README, the application and its test, so that what it shows is what runs here. */
function filesOfReadme(): [path: string, content: string][] {
  const blocks = readFileSync(README, 'utf8').matchAll(/```ts\n([\s\S]*?)```/g);
  const [application = '', test = ''] = [...blocks].map(([, content]) => content!);
  return [
    ['src/app.module.ts', application],
    ['src/message.controller.spec.ts', `${TEST_HEAD}${test}\ntest('of the README', aMessageIsForItsSubject);\n`],
  ];
}

function versionOf(dependency: string): string {
  const manifest = join(root, 'node_modules', dependency, 'package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** An empty Nest application outside the workspace, with the packed libraries installed. */
function createApplication(directory: string): void {
  const tarballs = Object.entries(packLibraries(LIBRARIES, directory));
  const dependencies = {
    ...Object.fromEntries(DEPENDENCIES.map((name) => [name, versionOf(name)])),
    ...Object.fromEntries(tarballs.map(([name, file]) => [name, `file:${file}`])),
  };
  const files: [string, string][] = [
    ['package.json', JSON.stringify({ name: 'an-application', private: true, type: 'module', dependencies })],
    ['tsconfig.json', JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: ['src'] })],
    ['src/main.ts', MAIN],
    ...filesOfReadme(),
  ];
  for (const [path, content] of files) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
  run('npm', INSTALL, directory);
}

describe('the packed resource server in an application outside the workspace', () => {
  let directory: string;
  let issuer: ServedTestIssuer;
  let application: ChildProcess | undefined;
  let url: string;

  beforeAll(async () => {
    issuer = await createTestIssuer({ http: true, audience: 'message-service' });
    directory = mkdtempSync(join(tmpdir(), 'onbehalf-package-'));
    createApplication(directory);
    run(process.execPath, ['node_modules/typescript/bin/tsc'], directory);
    const env = { PATH: process.env['PATH'], ISSUER: issuer.issuer };
    application = spawn(process.execPath, ['dist/main.js'], {
      cwd: directory,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: unknown[] = await once(createInterface(application.stdout!), 'line', {
      signal: AbortSignal.timeout(20_000),
    });
    url = String(lines[0]);
    say(`the application listens at ${url}`);
  }, 180_000);

  afterAll(async () => {
    if (application && application.exitCode === null) {
      application.kill();
      await once(application, 'exit');
    }
    await issuer.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const get = async (path: string, claims?: Record<string, unknown>) => {
    const authorization = claims && { authorization: `Bearer ${await issuer.token(claims)}` };
    const response = await fetch(`${url}${path}`, { headers: { ...authorization } });
    const body: unknown = await response.json();
    return {
      status: response.status,
      challenge: response.headers.get('www-authenticate'),
      body,
    };
  };

  it('installs nothing of the workspace but what was packed', () => {
    const installed = readdirSync(join(directory, 'node_modules/@onbehalf')).sort();
    expect(installed).toEqual([...LIBRARIES].sort());
    expect(existsSync(join(directory, 'node_modules/@onbehalf/resource-server/src'))).toBe(false);
    expect(existsSync(join(directory, 'node_modules/pg'))).toBe(false);
  });

  it('runs the guarded route of the README', async () => {
    const claims = { sub: 'baeldung', scope: 'message.read', act: { sub: 'user-service' } };
    expect(await get('/message', claims)).toEqual({
      status: 200,
      challenge: null,
      body: { message: 'Hello baeldung', askedBy: 'user-service' },
    });
  });

  it('refuses a token for another service, and a request without one', async () => {
    const description = "Invalid audience claim. Expected 'message-service', got 'user-service'";
    expect(await get('/message', { aud: 'user-service' })).toEqual({
      status: 401,
      challenge: `Bearer error="invalid_token", error_description="${description}"`,
      body: { error: 'invalid_token', error_description: description },
    });
    // RFC 6750 §3: the scope that the route demands, and no error code
    expect(await get('/message')).toMatchObject({ status: 401, challenge: 'Bearer scope="message.read"' });
    expect(await get('/version')).toMatchObject({ status: 200, body: { version: 1 } });
  });

  it('runs the test of the README', () => {
    expect(run(process.execPath, ['--test', 'dist/message.controller.spec.js'], directory)).toMatch(/pass 1\b/);
  }, 30_000);
});
