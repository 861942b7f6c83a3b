import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { TokenExchangeOptions } from './options/token-exchange-options.js';
import { TOKEN_EXCHANGE_OPTIONS } from './token-exchange.constants.js';

export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<TokenExchangeOptions>({
  optionsInjectionToken: TOKEN_EXCHANGE_OPTIONS,
})
  .setClassMethodName('forRoot')
  // global, so that forFeature in any module finds the service; `isGlobal: false` keeps it to the importing module
  .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
  .build();
