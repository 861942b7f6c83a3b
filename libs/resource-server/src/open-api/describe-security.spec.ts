import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Post, UseGuards, VersioningType, type INestApplication } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import {
  ApiBearerAuth,
  ApiForbiddenResponse,
  ApiOperation,
  ApiSecurity,
  DocumentBuilder,
  SwaggerModule,
  type OpenAPIObject,
} from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import {
  AccessTokenGuard,
  AnyScope,
  describeSecurity,
  NoAgents,
  OptionalToken,
  Public,
  ResourceServerModule,
  Roles,
  Scopes,
  StepUp,
  type ResourceServerOptions,
  type SecuritySchemeOptions,
} from '../index.js';

class Listed {
  @Get('inherited')
  @Scopes('own')
  inherited() {
    return 1;
  }
}

@Controller('things')
@Scopes('things')
class ThingController extends Listed {
  @Get('class')
  ofClass() {
    return 1;
  }

  @Get('method')
  @Scopes('a', 'b')
  ofMethod() {
    return 1;
  }

  @Get('any')
  @AnyScope('a', 'b')
  any() {
    return 1;
  }

  @Get('anys')
  @AnyScope('a', 'b')
  @AnyScope('b', 'c')
  anys() {
    return 1;
  }

  @Get('public')
  @Public()
  open() {
    return 1;
  }

  @Get('optional')
  @OptionalToken()
  optional() {
    return 1;
  }

  @Get('roles')
  @Roles('admin', 'clerk')
  roles() {
    return 1;
  }

  @Get('step-up')
  @StepUp({ acr: 'gold' })
  stepUp() {
    return 1;
  }

  @Get(['one', 'other'])
  @ApiOperation({ operationId: 'named' })
  @ApiSecurity('key')
  @ApiForbiddenResponse({ description: 'Not on Sundays' })
  named() {
    return 1;
  }

  @Get('bearer')
  @ApiBearerAuth()
  @Scopes('a')
  bearer() {
    return 1;
  }

  @Get('other-scheme')
  @ApiSecurity('jwt')
  otherScheme() {
    return 1;
  }
}

@Controller('others')
class OtherController extends Listed {
  @Get()
  plain() {
    return 1;
  }

  @Get('guarded')
  @UseGuards(AccessTokenGuard)
  guarded() {
    return 1;
  }

  @Get('passport')
  @UseGuards(AuthGuard('onbehalf'))
  passport() {
    return 1;
  }

  @Post('key')
  @ApiSecurity('key')
  key() {
    return 1;
  }

  @Get('public')
  @Public()
  open() {
    return 1;
  }

  @Get('agents')
  @NoAgents()
  agents() {
    return 1;
  }
}

@Module({ controllers: [ThingController, OtherController] })
class Things {}

const config = (version = '3.0.0') =>
  new DocumentBuilder()
    .setOpenAPIVersion(version)
    .addApiKey({ type: 'apiKey', in: 'header', name: 'x-key' }, 'key')
    .addBearerAuth({ type: 'http', scheme: 'bearer' }, 'jwt');
const oauth2 = { name: 'bearer', authorizationUrl: 'https://as.example/auth', tokenUrl: 'https://as.example/token' };

let issuer: TestIssuer;
const apps: INestApplication[] = [];
beforeAll(async () => {
  issuer = await createTestIssuer();
});
afterAll(() => Promise.all(apps.map((app) => app.close())));

async function open(options: Partial<ResourceServerOptions> = {}): Promise<INestApplication> {
  const guard = ResourceServerModule.forTesting(issuer, { global: false, ...options });
  const module = await Test.createTestingModule({ imports: [guard, Things] }).compile();
  const app = module.createNestApplication({ logger: false });
  apps.push(app);
  return app;
}

const describedBy = (app: INestApplication, options: SecuritySchemeOptions = oauth2, builder = config()) =>
  describeSecurity(app, () => SwaggerModule.createDocument(app, builder.build()), options);

const operation = ({ paths }: OpenAPIObject, path: string) => paths[path]?.get ?? paths[path]?.post;
const statuses = (document: OpenAPIObject, path: string) => Object.keys(operation(document, path)?.responses ?? {});

describe('the description of what the guard demands', () => {
  let document: OpenAPIObject;
  beforeAll(async () => {
    document = describedBy(await (await open()).init());
  });

  it.each<[string, unknown, string[]]>([
    ['things/class', [{ bearer: ['things'] }], ['200', '401', '403']],
    ['things/method', [{ bearer: ['things', 'a', 'b'] }], ['200', '401', '403']],
    ['things/any', [{ bearer: ['a', 'things'] }, { bearer: ['b', 'things'] }], ['200', '401', '403']],
    [
      'things/anys',
      [{ bearer: ['a', 'b', 'things'] }, { bearer: ['a', 'c', 'things'] }, { bearer: ['b', 'things'] }],
      ['200', '401', '403'],
    ],
    ['things/public', undefined, ['200']],
    ['things/optional', [{ bearer: [] }, {}], ['200', '401']],
    ['things/roles', [{ bearer: ['things'] }], ['200', '401', '403']],
    ['things/step-up', [{ bearer: ['things'] }], ['200', '401', '403']],
    ['things/inherited', [{ bearer: ['things', 'own'] }], ['200', '401', '403']],
    ['others/inherited', [{ bearer: ['own'] }], ['200', '401', '403']],
    ['things/one', [{ key: [], bearer: ['things'] }], ['401', '403']],
    ['things/other', [{ key: [], bearer: ['things'] }], ['401', '403']],
    ['things/bearer', [{ bearer: ['things', 'a'] }], ['200', '401', '403']],
    ['things/other-scheme', [{ jwt: [] }, { bearer: ['things'] }], ['200', '401', '403']],
    ['others', undefined, ['200']],
    ['others/guarded', [{ bearer: [] }], ['200', '401']],
    ['others/passport', [{ bearer: [] }], ['200', '401']],
    ['others/key', [{ key: [] }], ['201']],
    ['others/public', undefined, ['200']],
    ['others/agents', [{ bearer: [] }], ['401', '403']],
  ])('of %s', (path, security, answers) => {
    expect(operation(document, `/${path}`)?.security).toEqual(security);
    expect(statuses(document, `/${path}`).toSorted()).toEqual(answers);
  });

  it('says why, beside what is said of it anyway', () => {
    const because = (path: string, status = 403) =>
      (operation(document, path)?.responses[status] as { description: string }).description;
    expect(because('/things/roles')).toBe(
      'The access token lacks the scope things; The access token has none of the roles admin, clerk',
    );
    expect(because('/things/one')).toBe('Not on Sundays; The access token lacks the scope things');
    expect(because('/things/step-up', 401)).toContain('insufficient_user_authentication');
    expect(because('/others/agents')).toBe('Not by way of an AI agent: agent_forbidden');
  });

  it('has one scheme with the scopes that occur', () => {
    expect(document.components?.securitySchemes).toMatchObject({
      key: { type: 'apiKey' },
      bearer: {
        type: 'oauth2',
        flows: {
          authorizationCode: {
            authorizationUrl: oauth2.authorizationUrl,
            tokenUrl: oauth2.tokenUrl,
            scopes: { things: '', own: '', a: '', b: '', c: '' },
          },
        },
      },
    });
  });

  it('leaves nothing behind: the next document is as if it had not been', async () => {
    const app = await open();
    const plain = () => SwaggerModule.createDocument(app, config().build());
    const before = plain();
    describedBy(app);
    expect(() =>
      describeSecurity(app, () => {
        throw new Error('no document');
      }),
    ).toThrow('no document');
    expect(plain()).toEqual(before);
    expect(JSON.stringify([before, document])).not.toContain('onbehalf:');
  });
});

it('holds for a whole service, and for paths of any making', async () => {
  const app = await open({ global: true, scopes: ['everywhere'], noAgents: true });
  app.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI, defaultVersion: ['1', '2'] });
  const document = describedBy(await app.init());
  for (const version of ['v1', 'v2']) {
    expect(operation(document, `/api/${version}/others`)?.security).toEqual([{ bearer: ['everywhere'] }]);
    expect(operation(document, `/api/${version}/things/class`)?.security).toEqual([
      { bearer: ['everywhere', 'things'] },
    ]);
    expect(operation(document, `/api/${version}/others/public`)?.security).toBeUndefined();
  }
  expect(operation(document, '/api/v1/others')?.responses[403]).toMatchObject({
    description: 'The access token lacks the scope everywhere; Not by way of an AI agent: agent_forbidden',
  });
});

describe('the security scheme', () => {
  let app: INestApplication;
  beforeAll(async () => {
    app = await open();
  });
  const scheme = (options: SecuritySchemeOptions, builder = config()) =>
    describedBy(app, options, builder).components?.securitySchemes?.[options.name ?? 'bearer'];

  it('is a bearer token unless URLs are given; OpenAPI 3.0 has no scopes for that, 3.1 has', () => {
    expect(scheme({})).toEqual({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' });
    expect(operation(describedBy(app, {}), '/things/class')?.security).toEqual([{ bearer: [] }]);
    expect(operation(describedBy(app, {}), '/things/any')?.security).toEqual([{ bearer: [] }]);
    expect(operation(describedBy(app, {}, config('3.1.0')), '/things/class')?.security).toEqual([
      { bearer: ['things'] },
    ]);
  });

  it('is that of a client alone with the token endpoint alone, and says what scopes mean', () => {
    expect(scheme({ tokenUrl: oauth2.tokenUrl, scopes: { a: 'Read', unused: 'Write' } })).toMatchObject({
      type: 'oauth2',
      flows: { clientCredentials: { tokenUrl: oauth2.tokenUrl, scopes: { things: '', a: 'Read', unused: 'Write' } } },
    });
  });

  it('is the one of the document where it has one of that name', () => {
    const flows = {
      authorizationCode: { authorizationUrl: 'https://own/a', tokenUrl: 'https://own/t', scopes: { a: 'Own' } },
    };
    expect(scheme({ name: 'own' }, config().addOAuth2({ type: 'oauth2', flows }, 'own'))).toMatchObject({
      flows: { authorizationCode: { tokenUrl: 'https://own/t', scopes: { a: 'Own', things: '' } } },
    });
  });

  it('tells open routes apart where the whole document demands a token', () => {
    const document = describedBy(app, {}, config().addSecurityRequirements('bearer'));
    expect(operation(document, '/others/public')?.security).toEqual([]);
    expect(operation(document, '/others')?.security).toBeUndefined();
  });

  it.each<[SecuritySchemeOptions, string]>([
    [{ name: '' }, 'describeSecurity name must be'],
    [{ name: 'a b' }, 'describeSecurity name must be'],
    [{ authorizationUrl: oauth2.authorizationUrl }, 'describeSecurity authorizationUrl needs tokenUrl'],
    [{ tokenURL: oauth2.tokenUrl } as never, 'describeSecurity knows no option "tokenURL"'],
  ])('is refused as %j', (options, message) => {
    expect(() => describedBy(app, options)).toThrow(`ResourceServerModule: ${message}`);
  });
});

it('names the module where it is missing', async () => {
  const module = await Test.createTestingModule({}).compile();
  const app = module.createNestApplication();
  apps.push(app);
  expect(() => describedBy(app)).toThrow('ResourceServerModule: describeSecurity needs it in the application');
});
