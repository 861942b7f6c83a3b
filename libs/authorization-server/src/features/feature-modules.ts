import type { DynamicModule, FactoryProvider } from '@nestjs/common';
import { FEATURE_PARTS, type Feature, type FeatureModule } from './feature.js';
import { FeatureRuntime } from './feature-runtime.js';
import type { ActiveFeatures } from './feature-set.js';

/**
 * The Nest modules of the features that are on.
 * @param server the module of the authorization server, which they build on
 */
export function featureModules(active: ActiveFeatures, server: DynamicModule): readonly DynamicModule[] {
  return active.each.flatMap(({ feature, settings }) => {
    const module = feature.module?.(settings);
    return module ? toNestModule(feature, module, server) : [];
  });
}

function toNestModule(
  feature: Feature,
  { imports = [], controllers = [], providers = [] }: FeatureModule,
  server: DynamicModule,
): DynamicModule {
  const parts: FactoryProvider = {
    provide: FEATURE_PARTS,
    inject: [FeatureRuntime],
    useFactory: (runtime: FeatureRuntime) => runtime.partsOf(feature),
  };
  // Nest tells modules apart by their class
  const module = class {};
  Object.defineProperty(module, 'name', { value: `feature ${feature.name}` });
  return { module, imports: [server, ...imports], controllers, providers: [parts, ...providers] };
}
