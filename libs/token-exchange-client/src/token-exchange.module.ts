import { Module, type DynamicModule, type FactoryProvider } from '@nestjs/common';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { DownstreamClient } from './downstream/downstream-client.js';
import { validateDownstream, type DownstreamDefinition } from './downstream/downstream-definition.js';
import { requireText } from './options/accepted-values.js';
import { ASYNC_OPTIONS_TYPE, ConfigurableModuleClass, OPTIONS_TYPE } from './token-exchange.module-definition.js';
import { connectionToken, downstreamToken } from './token-exchange.constants.js';
import type { TokenExchangeService } from './token-exchange.service.js';

/** Downstream services whose description is made at start, for instance from the environment. */
export interface DownstreamFactory {
  readonly name: string;
  readonly inject?: FactoryProvider['inject'];
  /** Makes the description of the service from what is injected. */
  readonly useFactory: (
    // as Nest types its own factories: what is injected is not known here
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    ...dependencies: any[]
  ) => Omit<DownstreamDefinition, 'name'> | Promise<Omit<DownstreamDefinition, 'name'>>;
}

/** Calls downstream services on behalf of the current user. RFC 8693. */
@Module({})
export class TokenExchangeModule extends ConfigurableModuleClass {
  /** Connects to an authorization server with options that are at hand. */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return super.forRoot(options);
  }

  /** Connects to an authorization server with options that are made at the start: from the environment, or by an injected service. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }

  /**
   * Registers clients for downstream services, to be injected with `@InjectDownstream(name)`. Their tokens come from the
   * authorization server of `connection`.
   * @throws ConfigurationError at the first mistake
   */
  static forFeature(
    definitions: readonly (DownstreamDefinition | DownstreamFactory)[],
    { connection }: { readonly connection?: string } = {},
  ): DynamicModule {
    const given: unknown = definitions;
    if (!Array.isArray(given)) {
      throw new ConfigurationError('TokenExchangeModule.forFeature', undefined, 'a list of services');
    }
    for (const one of given as readonly ({ readonly name?: unknown } | undefined)[]) {
      requireText('TokenExchangeModule.forFeature.name', one?.name, NAME);
    }
    const names = definitions.map(({ name }) => name);
    const repeated = names.find((name, index) => names.indexOf(name) !== index);
    if (repeated !== undefined)
      throw new ConfigurationError('TokenExchangeModule.forFeature.name', repeated, 'each name once');
    const service = connectionToken(connection);
    const providers = definitions.map((definition) => downstreamProvider(definition, service));
    return { module: DownstreamFeature, providers, exports: providers };
  }
}

const NAME = 'the name for @InjectDownstream';

/** Holds the clients of one forFeature. */
@Module({})
class DownstreamFeature {}

function downstreamProvider(
  definition: DownstreamDefinition | DownstreamFactory,
  connection: symbol,
): FactoryProvider<DownstreamClient> {
  const provide = downstreamToken(definition.name);
  if (!('useFactory' in definition)) {
    // most mistakes are in plain sight here; the scheme is judged when the module's options are known
    validateDownstream(definition, { allowInsecureHttp: true });
    const useFactory = (service: TokenExchangeService): DownstreamClient => service.downstream(definition);
    return { provide, inject: [connection], useFactory };
  }
  const { name, inject = [] } = definition;
  return {
    provide,
    inject: [connection, ...inject],
    useFactory: async (service: TokenExchangeService, ...dependencies: unknown[]) =>
      service.downstream({ ...(await definition.useFactory(...dependencies)), name }),
  };
}
