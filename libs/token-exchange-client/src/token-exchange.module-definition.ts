import { ConfigurableModuleBuilder, type DynamicModule } from '@nestjs/common';
import { loadAxios } from './optional-axios.js';
import type { TokenExchangeOptions } from './options/token-exchange-options.js';
import { connectionToken, DEFAULT_CONNECTION, TOKEN_EXCHANGE_OPTIONS } from './token-exchange.constants.js';
import { TokenExchangeHealthIndicator } from './token-exchange.health.js';
import { TokenExchangeService } from './token-exchange.service.js';

/** What is said of the module beside its options. */
export interface TokenExchangeModuleExtras {
  /** Visible to every `forFeature` of the application; `false` keeps it to the importing module. */
  readonly isGlobal?: boolean;
  /** The name of one of several authorization servers, for `forFeature` and `@InjectTokenExchange`. */
  readonly connection?: string;
}

export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<TokenExchangeOptions>({
    optionsInjectionToken: TOKEN_EXCHANGE_OPTIONS,
  })
    .setClassMethodName('forRoot')
    .setExtras<TokenExchangeModuleExtras>({ isGlobal: true, connection: DEFAULT_CONNECTION }, withConnection)
    .build();

function withConnection(
  definition: DynamicModule,
  { isGlobal = true, connection = DEFAULT_CONNECTION }: TokenExchangeModuleExtras,
): DynamicModule {
  const token = connectionToken(connection);
  const own = [TokenExchangeHealthIndicator];
  const service = {
    provide: TokenExchangeService,
    inject: [TOKEN_EXCHANGE_OPTIONS],
    useFactory: async (options: TokenExchangeOptions): Promise<TokenExchangeService> => {
      await loadAxios();
      return new TokenExchangeService(options);
    },
  };
  return {
    ...definition,
    global: isGlobal,
    providers: [
      ...(definition.providers ?? []),
      service,
      ...own,
      { provide: token, useExisting: TokenExchangeService },
    ],
    // the service of a named connection is found by its name alone
    exports: connection === DEFAULT_CONNECTION ? [token, TokenExchangeService, ...own] : [token],
  };
}
