import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openStore } from '@onbehalf/authorization-store';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { startPostgres } from '@onbehalf/testing-internal';
import { decodeJwt } from 'jose';
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { Agent, get, request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Replicas } from '../../tools/replicas.ts';
import { APPS, System } from '../../tools/system.ts';
import { ownToken, USER_SERVICE } from './user-service-client.js';

const CLIENTS = 16;
/** Milliseconds under load before each SIGTERM. */
const LOAD = Number(process.env['SOAK_SHUTDOWN'] ?? 1) * 1000;
const DRAINED_WITHIN = 10_000;

describe('SIGTERM under load', () => {
  let system: System;

  beforeAll(async () => {
    system = await (await System.onFreePorts()).up();
  }, 60_000);

  afterAll(() => system.down(), 60_000);

  it.each(APPS.toReversed())(
    '%s resets no request that it has taken, refuses further ones, and ends with 0 within 10 s',
    async (name) => {
      const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
      const outcomes = new Map<string, number>();
      let isStopping = false;
      const load = Array.from({ length: CLIENTS }, async () => {
        for (;;) {
          const outcome = await ask(`${system.url(name)}/health/live`, agent);
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
          if (isStopping && outcome !== '200') return;
        }
      });
      await sleep(300);
      isStopping = true;
      const started = performance.now();
      expect(await system.app(name).stop('SIGTERM')).toBe(0);
      await Promise.all(load);
      expect(performance.now() - started).toBeLessThan(DRAINED_WITHIN);
      agent.destroy();
      // what is refused was never taken
      expect([...outcomes.keys()].toSorted()).toEqual(['200', 'ECONNREFUSED']);
    },
    30_000,
  );
});

const postgres = await startPostgres();
const key = randomBytes(32).toString('base64');

/** What auth-server answers under load while it, or a replica of it, is stopped. */
class ExchangeLoad {
  readonly outcomes = new Map<string, number>();
  /** Tokens that were acknowledged. */
  readonly issued: string[] = [];
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  readonly #lanes: Promise<void>;
  #stopping = false;

  constructor(issuer: string, subject: string) {
    this.#url = `${issuer}/oauth2/token`;
    const token = { subject_token: subject, subject_token_type: TokenType.AccessToken, audience: 'message-service' };
    const form = new URLSearchParams({ grant_type: GrantType.TokenExchange, ...token }).toString();
    this.#lanes = Promise.all(Array.from({ length: CLIENTS }, () => this.#lane(form))).then(() => undefined);
  }

  /** Ends when each lane has been answered once more, or has failed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#lanes;
    this.#agent.destroy();
  }

  async #lane(form: string): Promise<void> {
    for (;;) {
      const isLast = this.#stopping;
      const outcome = await this.#exchange(form);
      this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
      if (isLast || outcome === 'ECONNREFUSED') return;
    }
  }

  #exchange(form: string): Promise<string> {
    const headers = { authorization: USER_SERVICE, 'content-type': 'application/x-www-form-urlencoded' };
    return new Promise((resolve) => {
      const fail = (error: NodeJS.ErrnoException): void => resolve(error.code ?? error.message);
      request(this.#url, { method: 'POST', agent: this.#agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail).on('end', () => {
          // an answer that is cut short is no JSON
          const { access_token } = JSON.parse(Buffer.concat(chunks).toString()) as { access_token?: string };
          if (access_token !== undefined) this.issued.push(decodeJwt(access_token).jti!);
          resolve(String(response.statusCode));
        });
      })
        .on('error', fail)
        .end(form);
    });
  }
}

/** Every token that was acknowledged is known, and has its record. */
async function expectKept(url: string, issued: readonly string[]): Promise<void> {
  const store = await openStore({ url, encryptionKeys: [key], sweepInterval: 0 });
  try {
    const recorded = new Set<unknown>();
    for await (const { event } of store.audit.export())
      recorded.add((event as { issuedTokenId?: string }).issuedTokenId);
    expect(issued.length).toBeGreaterThan(0);
    expect(issued.filter((jti) => !recorded.has(jti))).toEqual([]);
    for (const jti of issued) expect(await store.tokens.find(jti)).toBeDefined();
  } finally {
    await store.close();
  }
}

describe('SIGTERM while tokens are exchanged', () => {
  it('auth-server on SQLite finishes what it has begun, refuses what comes then, and loses nothing', async () => {
    const url = `sqlite:${join(mkdtempSync(join(tmpdir(), 'shutdown-')), 'auth-server.db')}`;
    const system = await System.onFreePorts({ DATABASE_URL: url, ENCRYPTION_KEYS: key });
    await system.up('auth-server');
    const server = system.app('auth-server');
    const load = new ExchangeLoad(server.url, await ownToken(server.url));
    await sleep(LOAD);
    const begun = performance.now();
    expect(await server.stop('SIGTERM')).toBe(0);
    expect(performance.now() - begun).toBeLessThan(DRAINED_WITHIN);
    await load.stop();
    expect([...load.outcomes.keys()].toSorted()).toEqual(['200', 'ECONNREFUSED']);
    await expectKept(url, load.issued);
  }, 60_000);

  (postgres ? it : it.skip)(
    'of two replicas on PostgreSQL, one after the other with a new one in between: no caller notices, nothing is lost',
    async () => {
      const url = await postgres!.database();
      const replicas = await Replicas.up(url, { ENCRYPTION_KEYS: key });
      try {
        const load = new ExchangeLoad(replicas.issuer, await ownToken(replicas.issuer));
        for (const index of [0, 1]) {
          await sleep(LOAD);
          const begun = performance.now();
          expect(await replicas.app(index).stop('SIGTERM')).toBe(0);
          expect(performance.now() - begun).toBeLessThan(DRAINED_WITHIN);
          await replicas.replace(index);
        }
        await sleep(LOAD);
        await load.stop();
        expect([...load.outcomes.keys()]).toEqual(['200']);
        await expectKept(url, load.issued);
      } finally {
        await replicas.down();
      }
    },
    120_000,
  );
});

afterAll(() => postgres?.stop());

/** The status of the answer, or the code of the failure. */
function ask(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException): void => resolve(error.code ?? error.message);
    get(url, { agent }, (response: IncomingMessage) => {
      response.on('error', fail).on('end', () => resolve(String(response.statusCode)));
      response.resume();
    }).on('error', fail);
  });
}
