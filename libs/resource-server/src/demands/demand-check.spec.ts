import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Scope,
  UseGuards,
  type CanActivate,
  type INestApplication,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import {
  Args,
  Field,
  GraphQLModule,
  ID,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  ResolveReference,
  Resolver,
} from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ClientProxyFactory, MessagePattern, Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { currentAccessToken } from '@onbehalf/jwt-verification';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { firstValueFrom } from 'rxjs';
import {
  AnyScope,
  CurrentSubject,
  NoDelegation,
  OptionalToken,
  Public,
  ResourceServerModule,
  Scopes,
  type GuardedRequest,
  type ResourceServerOptions,
} from '../index.js';

@ObjectType()
class Account {
  @Field(() => ID)
  id!: string;
}

const seen: string[] = [];

@Injectable()
class SeeingGuard implements CanActivate {
  canActivate() {
    seen.push(currentAccessToken()?.subject ?? 'nobody');
    return true;
  }
}

@Resolver(() => Account)
class AccountResolver {
  @Query(() => Account)
  @UseGuards(SeeingGuard)
  account(@CurrentSubject() id: string) {
    return { id };
  }

  @Mutation(() => Account)
  @Scopes('account.write')
  rename(@Args('id') id: string) {
    return { id };
  }

  @ResolveField(() => String)
  @Scopes('account.secret')
  @NoDelegation()
  secret(@Parent() { id }: Account, @CurrentSubject() subject: string) {
    return `secret of ${id} for ${subject}`;
  }
}

@Resolver(() => Account)
@Scopes('account')
class ClassResolver {
  @Query(() => Account)
  account() {
    return { id: '1' };
  }

  @ResolveField(() => String)
  name() {
    return 'name';
  }
}

/** Asked for by a gateway of a federation with `_entities`, which is no query of this application. */
@Resolver(() => Account)
class ReferenceResolver {
  @Query(() => Account)
  account() {
    return { id: '1' };
  }

  @ResolveReference()
  reference({ id }: Account) {
    return { id };
  }
}

@Controller()
class MessageController {
  @MessagePattern('read')
  @UseGuards(SeeingGuard)
  @NoDelegation()
  read(@CurrentSubject() subject: string) {
    return subject;
  }
}

@Controller()
class PlainMessageController {
  @MessagePattern('plain')
  plain() {
    return currentAccessToken()?.subject ?? 'nobody';
  }
}

@Controller({ scope: Scope.REQUEST })
class ScopedMessageController {
  @MessagePattern('scoped')
  @Scopes('a')
  scoped() {
    return 'value';
  }
}

/** As a library for MCP servers finds and calls them. */
@Injectable()
class Tools {
  @Scopes('weather')
  weather() {
    return `for ${currentAccessToken()!.subject}`;
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedTools {
  @Scopes('weather')
  weather() {
    return 'value';
  }
}

@Injectable()
@Scopes('a')
class DemandingService {
  serve() {
    return 'value';
  }
}

@Controller()
class ToolController {
  constructor(private readonly tools: Tools) {}

  @Get('tool')
  tool() {
    return this.tools.weather();
  }
}

@Controller()
class ContradictingController {
  @Get('both')
  @Public()
  @AnyScope('a', 'b')
  both() {
    return 'value';
  }
}

@Controller()
@OptionalToken()
@Public()
class UndecidedController {
  @Get()
  value() {
    return 'value';
  }
}

@Public()
abstract class OpenBase {}

@Controller('sub')
@Scopes('admin')
class ClosedController extends OpenBase {
  @Get()
  value() {
    return 'value';
  }

  @Get('open')
  @Public()
  open() {
    return 'open';
  }
}

@Scopes('base')
abstract class DemandingBase {
  @Scopes('read')
  read(): string {
    return 'base';
  }
}

@Controller('added')
@Scopes('sub')
class AddingController extends DemandingBase {
  @Get()
  override read(): string {
    return 'sub';
  }
}

describe('demands', () => {
  let issuer: TestIssuer;
  let app: INestApplication<Server>;
  beforeAll(async () => {
    issuer = await createTestIssuer();
  });
  afterEach(async () => {
    seen.length = 0;
    await app.close().catch(() => undefined);
  });

  const create = async (
    metadata: ModuleMetadata,
    options: Partial<ResourceServerOptions> = {},
    platform = 'express',
  ): Promise<void> => {
    const imports = [ResourceServerModule.forTesting(issuer, options), ...(metadata.imports ?? [])];
    const module = await Test.createTestingModule({ ...metadata, imports }).compile();
    app =
      platform === 'express'
        ? module.createNestApplication()
        : module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    app.useLogger(false);
  };
  const start = async (...args: Parameters<typeof create>) => {
    await create(...args);
    await app.listen(0, '127.0.0.1');
  };
  const url = (path: string) => `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}${path}`;
  const get = async (path: string, claims?: Record<string, unknown>) => {
    const headers = claims && { authorization: `Bearer ${await issuer.token(claims)}` };
    return fetch(url(path), { headers });
  };

  describe.each([
    ['Apollo on express', 'express', ApolloDriver],
    ['Apollo on fastify', 'fastify', ApolloDriver],
    ['Mercurius on fastify', 'fastify', MercuriusDriver],
  ])('in GraphQL with %s', (_name, platform, driver) => {
    const graphql = (resolver: Type, options: object = {}) => ({
      imports: [
        GraphQLModule.forRoot<ApolloDriverConfig | MercuriusDriverConfig>({
          driver: driver as never,
          autoSchemaFile: true,
          ...(driver === ApolloDriver && { graphiql: false }),
          ...options,
        }),
      ],
      providers: [resolver],
    });
    const ask = async (query: string, claims?: Record<string, unknown>) => {
      const authorization = claims && `Bearer ${await issuer.token(claims)}`;
      const response = await fetch(url('/graphql'), {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
        body: JSON.stringify({ query }),
      });
      const { data, errors } = (await response.json()) as {
        data?: unknown;
        errors?: { message: string; extensions?: { code?: string } }[];
      };
      return { data, codes: errors?.map(({ extensions }) => extensions?.code) };
    };

    it('on a field, where Nest does not guard fields, stop the start', async () => {
      await expect(start(graphql(AccountResolver), {}, platform)).rejects.toThrow(
        "@Scopes('account.secret') on AccountResolver.secret is \"not enforced on fields\"; accepted: fieldResolverEnhancers: ['guards']",
      );
    });

    it('of a class hold for its fields too, so they stop the start', async () => {
      await expect(start(graphql(ClassResolver), {}, platform)).rejects.toThrow(
        '@Scopes(\'account\') on ClassResolver.name is "not enforced on fields"',
      );
    });

    it('of all routes hold for references too, so they stop the start', async () => {
      await expect(start(graphql(ReferenceResolver), { global: true }, platform)).rejects.toThrow(
        'global: true on ReferenceResolver.reference is "not enforced on fields"',
      );
    });

    it('on a field are enforced with that setting, and refusals have the codes that clients look for', async () => {
      await start(graphql(AccountResolver, { fieldResolverEnhancers: ['guards'] }), {}, platform);
      expect(await ask('{ account { id } }')).toMatchObject({ codes: ['UNAUTHENTICATED'] });
      expect(await ask('{ account { id } }', { aud: 'other' })).toMatchObject({ codes: ['UNAUTHENTICATED'] });
      expect(await ask('mutation { rename(id: "1") { id } }', {})).toMatchObject({ codes: ['FORBIDDEN'] });
      expect(await ask('{ account { id secret } }', { sub: 'alice' })).toMatchObject({ codes: ['FORBIDDEN'] });
      const scope = 'account.secret';
      expect(await ask('{ account { secret } }', { sub: 'a', scope, act: { sub: 'x' } })).toMatchObject({
        codes: ['FORBIDDEN'],
      });
      expect(await ask('{ account { id secret } }', { sub: 'alice', scope })).toEqual({
        data: { account: { id: 'alice', secret: 'secret of alice for alice' } },
        codes: undefined,
      });
      expect(new Set(seen)).toEqual(new Set(['alice', 'a']));
    });
  });

  describe('of message handlers', () => {
    const options = async (): Promise<{ host: string; port: number }> => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      server.close();
      await once(server, 'close');
      return { host: '127.0.0.1', port };
    };
    const ofData = (context: { switchToRpc(): { getData(): unknown } }): GuardedRequest | undefined => {
      const { token } = (context.switchToRpc().getData() ?? {}) as { token?: string };
      return token === undefined ? undefined : { headers: { authorization: `Bearer ${token}` } };
    };

    it.each([
      ['a demand', MessageController, false, '@NoDelegation() on MessageController.read'],
      ['the guard of all routes', PlainMessageController, true, 'global: true on PlainMessageController.plain'],
    ])('%s stops the start where Nest leaves out global guards', async (_case, controller, global, message) => {
      await create({ controllers: [controller] }, { global });
      const tcp = { transport: Transport.TCP, options: await options() };
      expect(() => app.connectMicroservice<MicroserviceOptions>(tcp as MicroserviceOptions)).toThrow(
        `${message} is "not enforced in this microservice"; accepted: { inheritAppConfig: true }`,
      );
    });

    it('are enforced with that setting, and refusals are typed', async () => {
      await create({ controllers: [MessageController, ScopedMessageController] }, { request: ofData });
      const tcp = { transport: Transport.TCP, options: await options() } as const;
      app.connectMicroservice<MicroserviceOptions>(tcp, { inheritAppConfig: true });
      await app.startAllMicroservices();
      await app.init();
      const client = ClientProxyFactory.create(tcp);
      const send = (pattern: string, data: unknown) =>
        firstValueFrom(client.send<unknown>(pattern, data)).catch((error: unknown) => error);
      const token = await issuer.token({ sub: 'alice' });
      expect(await send('read', { token })).toBe('alice');
      expect(seen).toEqual(['alice']);
      expect(await send('read', 'x')).toEqual({
        status: 'error',
        statusCode: 401,
        error: 'missing_token',
        message: 'An access token is required',
      });
      const delegated = await issuer.token({ act: { sub: 'agent' } });
      expect(await send('read', { token: delegated })).toMatchObject({ statusCode: 403, error: 'insufficient_scope' });
      expect(await send('scoped', { token })).toMatchObject({ statusCode: 403, scope: 'a' });
      await client.close();
    });

    it('that Nest makes for each request are refused where it leaves out global guards', async () => {
      await create({ controllers: [ScopedMessageController] }, { request: ofData, global: false });
      const tcp = { transport: Transport.TCP, options: await options() } as const;
      app.connectMicroservice<MicroserviceOptions>(tcp);
      await app.startAllMicroservices();
      await app.init();
      const client = ClientProxyFactory.create(tcp);
      const token = await issuer.token({ scope: 'a' });
      await expect(firstValueFrom(client.send('scoped', { token }))).rejects.toMatchObject({ status: 'error' });
      await client.close();
    });
  });

  describe('of handlers that Nest does not call', () => {
    it.each([
      [Tools, "@Scopes('weather') on Tools.weather", 'externalHandlers: [Tools]'],
      [DemandingService, "@Scopes('a') on DemandingService", 'it on the methods that are handlers'],
    ])('stop the start', async (provider, demand, accepted) => {
      const message = `${demand} is "not enforced: no route, message, query or field"; accepted: ${accepted}`;
      await expect(start({ providers: [provider] })).rejects.toThrow(message);
    });

    it('are enforced with that setting, whoever calls them', async () => {
      await start({ providers: [Tools], controllers: [ToolController] }, { externalHandlers: [Tools] });
      expect(() => app.get(Tools).weather()).toThrow('An access token is required');
      expect((await get('/tool', { sub: 'alice' })).status).toBe(403);
      expect(await (await get('/tool', { sub: 'alice', scope: 'weather' })).text()).toBe('for alice');
    });

    it('cannot be, for a class that is made for each request', async () => {
      await expect(start({ providers: [ScopedTools] }, { externalHandlers: [ScopedTools] })).rejects.toThrow(
        'externalHandlers is "ScopedTools"; accepted: classes with one instance',
      );
    });
  });

  it.each([
    [ContradictingController, "@Public() with @AnyScope('a', 'b') on ContradictingController.both"],
    [UndecidedController, '@OptionalToken() with @Public() on UndecidedController'],
  ])('that contradict themselves stop the start', async (controller, message) => {
    await expect(start({ controllers: [controller] })).rejects.toThrow(`${message} is "a contradiction"`);
  });

  it.each([
    ['/sub', {}, 403],
    ['/sub', undefined, 401],
    ['/sub', { scope: 'admin' }, 200],
    ['/sub/open', undefined, 200],
    ['/added', { scope: 'sub read' }, 403],
    ['/added', { scope: 'base sub' }, 403],
    ['/added', { scope: 'base read' }, 403],
    ['/added', { scope: 'base sub read' }, 200],
  ])('add up along classes and methods, and the nearest word decides: %s with %j', async (path, claims, status) => {
    await start({ controllers: [ClosedController, AddingController] });
    expect((await get(path, claims)).status).toBe(status);
  });

  it('are never open where the module is missing', async () => {
    const module = await Test.createTestingModule({ controllers: [ClosedController] }).compile();
    app = module.createNestApplication();
    app.useLogger(false);
    await app.listen(0, '127.0.0.1');
    expect((await get('/sub', { scope: 'admin' })).status).toBe(500);
  });
});
