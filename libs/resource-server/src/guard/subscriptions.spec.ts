import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ApolloDriver } from '@nestjs/apollo';
import { Injectable, UseGuards, type CanActivate, type INestApplication } from '@nestjs/common';
import { GraphQLModule, Query, Resolver, Subscription } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { currentAccessToken } from '@onbehalf/jwt-verification';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { CurrentSubject, Public, ResourceServerModule, Scopes, type ResourceServerOptions } from '../index.js';

const subject = () => currentAccessToken()?.subject ?? 'nobody';

/** Who the guards behind ours have seen. */
const seen: string[] = [];

@Injectable()
class SeeingGuard implements CanActivate {
  canActivate() {
    seen.push(subject());
    return true;
  }
}

@Resolver()
class WhoResolver {
  @Query(() => String)
  me(@CurrentSubject() name: string) {
    return `${name} ${subject()}`;
  }

  @Subscription(() => String)
  @UseGuards(SeeingGuard)
  async *who(@CurrentSubject() name: string) {
    for (let i = 0; i < 2; i++) {
      await turn();
      yield { who: `${name} ${i}` };
    }
  }

  @Subscription(() => String)
  @Public()
  async *open() {
    await turn();
    yield { open: subject() };
  }

  @Subscription(() => String)
  @Scopes('admin')
  async *admin() {
    await turn();
    yield { admin: 'secret' };
  }
}

/** What one operation was answered. */
interface Answers {
  readonly data: unknown[];
  readonly codes: unknown[];
}

interface Message {
  readonly id?: string;
  readonly type: string;
  readonly payload?: unknown;
}

interface Failure {
  readonly extensions?: { readonly code?: string };
}

describe.each([
  ['Apollo on express', 'express', { driver: ApolloDriver, graphiql: false, subscriptions: { 'graphql-ws': true } }],
  [
    'Mercurius on fastify',
    'fastify',
    {
      driver: MercuriusDriver,
      subscription: { fullWsTransport: true, context: (_socket: unknown, req: object) => ({ req }) },
    },
  ],
])('operations over a WebSocket with %s', (_name, platform, options) => {
  let issuer: TestIssuer;
  let app: INestApplication<Server>;
  const revoked = new Set<string>();
  const asked: string[] = [];
  const clients: WebSocket[] = [];
  beforeAll(async () => {
    issuer = await createTestIssuer();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.terminate();
    await app.close();
    revoked.clear();
    [asked.length, seen.length] = [0, 0];
  });

  const start = async (more: Partial<ResourceServerOptions> = {}) => {
    const isRevoked = (token: { subject: string }) => {
      asked.push(token.subject);
      return Promise.resolve(revoked.has(token.subject));
    };
    const module = await Test.createTestingModule({
      imports: [
        ResourceServerModule.forTesting(issuer, { isRevoked, ...more }),
        GraphQLModule.forRoot({ autoSchemaFile: true, ...options } as never),
      ],
      providers: [WhoResolver],
    }).compile();
    app = platform === 'express' ? module.createNestApplication() : module.createNestApplication(new FastifyAdapter());
    app.useLogger(false);
    await app.listen(0, '127.0.0.1');
  };

  /** A connection that speaks `graphql-transport-ws`, opened with the token of this subject. */
  const connect = async (sub?: string) => {
    const { port } = app.getHttpServer().address() as AddressInfo;
    const headers = sub === undefined ? {} : { authorization: `Bearer ${await issuer.token({ sub })}` };
    const client = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', { headers });
    clients.push(client);
    await once(client, 'open');
    client.send(JSON.stringify({ type: 'connection_init' }));
    await once(client, 'message');
    let operations = 0;
    return (query: string): Promise<Answers> => {
      const id = String(++operations);
      const answers: Answers = { data: [], codes: [] };
      return new Promise((resolve) => {
        client.on('message', (bytes: Buffer) => {
          const message = JSON.parse(bytes.toString()) as Message;
          if (message.id !== id) return;
          if (message.type === 'complete' || message.type === 'error') resolve(answers);
          const { payload } = message;
          const { data, errors = [] } = (Array.isArray(payload) ? { errors: payload } : (payload ?? {})) as {
            data?: Record<string, unknown> | null;
            errors?: Failure[];
          };
          if (data) answers.data.push(...Object.values(data).filter((value) => value !== null));
          answers.codes.push(...errors.map(({ extensions }) => extensions?.code));
        });
        client.send(JSON.stringify({ id, type: 'subscribe', payload: { query } }));
      });
    };
  };

  it('each is verified once, and the guards behind ours know who it is', async () => {
    await start();
    const [alice, bob] = [await connect('alice'), await connect('bob')];
    const both = await Promise.all([alice('subscription { who }'), bob('subscription { who }')]);
    expect(both.map(({ data }) => data)).toEqual([
      ['alice 0', 'alice 1'],
      ['bob 0', 'bob 1'],
    ]);
    expect([...asked].sort()).toEqual(['alice', 'bob']);
    expect([...seen].sort()).toEqual(['alice', 'bob']);
    expect((await alice('{ me }')).data).toEqual(['alice alice']);
    expect((await alice('subscription { open }')).data).toEqual(['nobody']);
    expect(asked).toHaveLength(3);
  });

  it('each is of the token that the application finds for it, whoever was there before', async () => {
    const tokens = [await issuer.token({ sub: 'alice' }), await issuer.token({ sub: 'bob' })];
    const kept = { headers: { authorization: '' } };
    await start({ request: () => kept });
    const ask = await connect();
    for (const token of tokens) {
      kept.headers.authorization = `Bearer ${token}`;
      expect((await ask('subscription { who }')).data).toHaveLength(2);
      expect((await ask('subscription { open }')).data).toEqual(['nobody']);
    }
    expect(seen).toEqual(['alice', 'bob']);
    expect(asked).toEqual(['alice', 'bob']);
  });

  it('a token that is revoked while the connection is open starts no further one', async () => {
    await start();
    const alice = await connect('alice');
    expect((await alice('subscription { who }')).data).toEqual(['alice 0', 'alice 1']);
    revoked.add('alice');
    const { data, codes } = await alice('subscription { who }');
    expect([data, codes]).toEqual([[], ['UNAUTHENTICATED']]);
  });

  it('refusals have the codes that clients look for', async () => {
    await start();
    const [alice, nobody] = [await connect('alice'), await connect()];
    expect(await alice('subscription { admin }')).toEqual({ data: [], codes: ['FORBIDDEN'] });
    expect(await nobody('subscription { who }')).toEqual({ data: [], codes: ['UNAUTHENTICATED'] });
  });
});
