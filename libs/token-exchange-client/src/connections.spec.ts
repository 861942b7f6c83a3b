import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type DynamicModule, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { startTestServer, type TestServer } from '@onbehalf/testing';
import {
  DownstreamClient,
  InjectDownstream,
  InjectTokenExchange,
  onBehalfOf,
  TokenExchangeModule,
  TokenExchangeService,
} from './index.js';

let realms: TestServer[];
let messages: TestServer;

beforeEach(async () => {
  const realm = (name: string) =>
    startTestServer(() => ({
      body: {
        access_token: `of-${name}`,
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: 300,
      },
    }));
  realms = await Promise.all(['staff', 'partners'].map(realm));
  messages = await startTestServer(({ headers }) => ({ body: headers.authorization }));
});
afterEach(() => Promise.all([...realms, messages].map((server) => server.close())));

const rootFor = (realm: number, connection?: string): DynamicModule =>
  TokenExchangeModule.forRoot({
    tokenEndpoint: `${realms[realm]!.url}/token`,
    clientAuthentication: { method: 'client_secret_basic', clientId: 'user-service', clientSecret: 's3cret' },
    ...(connection && { connection }),
  });
const definition = (name: string) => ({ name, audience: 'messages', baseUrl: messages.url });

describe('several authorization servers', () => {
  @Injectable()
  class Callers {
    constructor(
      @InjectDownstream('staff-messages') readonly staff: DownstreamClient,
      @InjectDownstream('partner-messages') readonly partners: DownstreamClient,
      @InjectTokenExchange('partners') readonly exchange: TokenExchangeService,
      readonly standard: TokenExchangeService,
    ) {}
  }

  it('each client exchanges at the server of its connection, and nowhere else', async () => {
    const module = await Test.createTestingModule({
      imports: [
        rootFor(0),
        rootFor(1, 'partners'),
        TokenExchangeModule.forFeature([definition('staff-messages')]),
        TokenExchangeModule.forFeature(
          [{ name: 'partner-messages', useFactory: () => ({ audience: 'messages', baseUrl: messages.url }) }],
          { connection: 'partners' },
        ),
      ],
      providers: [Callers],
    }).compile();
    const { staff, partners, exchange, standard } = module.get(Callers);
    expect(await onBehalfOf('token-of-staff', () => staff.get('/'))).toBe('Bearer of-staff');
    expect(await onBehalfOf('token-of-partner', () => partners.get('/'))).toBe('Bearer of-partners');
    const asked = (realm: number) => realms[realm]!.requests.map(({ form }) => form.get('subject_token'));
    expect([asked(0), asked(1)]).toEqual([['token-of-staff'], ['token-of-partner']]);
    expect(exchange).not.toBe(standard);
    await module.close();
  });
});

describe('what is not imported is told in one line that says what to import', () => {
  @Injectable()
  class Caller {
    constructor(@InjectDownstream('message-service') readonly messages: DownstreamClient) {}
  }

  const startOf = async (imports: (DynamicModule | Type)[], providers: Type[] = []): Promise<string> => {
    @Module({ imports, providers })
    class AppModule {}
    return Test.createTestingModule({ imports: [AppModule] })
      .compile()
      .then(
        () => 'started',
        (error: Error) => error.message,
      );
  };

  it.each<[string, () => Promise<string>, string]>([
    [
      'the client of a service',
      () => startOf([rootFor(0)], [Caller]),
      'TokenExchangeModule: no client of "message-service"; import TokenExchangeModule.forFeature([{ name: "message-service", … }]) in this module',
    ],
    [
      'the connection of a feature',
      () => startOf([TokenExchangeModule.forFeature([definition('x')])]),
      'TokenExchangeModule: import TokenExchangeModule.forRoot({ … }) in the root module',
    ],
    [
      'a named connection',
      () => startOf([rootFor(0), TokenExchangeModule.forFeature([definition('x')], { connection: 'partners' })]),
      'TokenExchangeModule: import TokenExchangeModule.forRoot({ connection: "partners", … }) in the root module',
    ],
  ])('%s', async (_case, start, line) => {
    expect(await start()).toContain(line);
  });

  it('an address that is not set names its service', async () => {
    const unset = { ...definition('message-service'), baseUrl: undefined };
    const line = 'TokenExchangeModule.forFeature[message-service].baseUrl';
    expect(() => TokenExchangeModule.forFeature([unset])).toThrow(line);
    const factory = { name: 'message-service', useFactory: () => ({ audience: 'x', baseUrl: undefined }) };
    expect(await startOf([rootFor(0), TokenExchangeModule.forFeature([factory])])).toContain(line);
  });
});
