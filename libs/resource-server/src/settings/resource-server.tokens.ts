import { ConfigurableModuleBuilder, type DynamicModule } from '@nestjs/common';
import { onlyKnown } from '@onbehalf/oauth-protocol';
import { MODULE } from '../module-name.js';
import type { ResourceServerOptions } from './resource-server-options.js';

/** Name of the passport strategy: `AuthGuard('onbehalf')`. */
export const STRATEGY_NAME = 'onbehalf';

/** Injection token of the validated options. */
export const RESOURCE_SERVER_SETTINGS = Symbol('onbehalf:resource-server-settings');

/** `forRootAsync({ global: true, … })` would guard nothing: options belong into what the factory returns. */
function withoutStrayOptions(definition: DynamicModule, extras: object): DynamicModule {
  const [options] = definition.providers ?? [];
  const isAsync = options !== undefined && !('useValue' in options);
  if (isAsync) {
    onlyKnown(`${MODULE}.`, extras, [
      'imports',
      'inject',
      'useFactory',
      'useClass',
      'useExisting',
      'provideInjectionTokensFrom',
    ]);
  }
  return definition;
}

export const {
  ConfigurableModuleClass,
  /** Injection token of the options as they were given. */
  MODULE_OPTIONS_TOKEN: RESOURCE_SERVER_OPTIONS,
  OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<ResourceServerOptions>({ moduleName: 'ResourceServer' })
  .setClassMethodName('forRoot')
  // the guard is injected wherever @UseGuards() stands, so what it needs must be visible everywhere
  .setExtras({}, (definition, extras) => ({ ...withoutStrayOptions(definition, extras), global: true }))
  .build();
