import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { ResourceServerOptions } from './resource-server-options.js';

/** Name of the passport strategy: `AuthGuard('onbehalf')`. */
export const STRATEGY_NAME = 'onbehalf';

/** Injection token of the validated options. */
export const RESOURCE_SERVER_SETTINGS = Symbol('onbehalf:resource-server-settings');

export const {
  ConfigurableModuleClass,
  /** Injection token of the options as they were given. */
  MODULE_OPTIONS_TOKEN: RESOURCE_SERVER_OPTIONS,
  OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<ResourceServerOptions>({ moduleName: 'ResourceServer' })
  .setClassMethodName('forRoot')
  // the guard is injected wherever @UseGuards() stands, so what it needs must be visible everywhere
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();
