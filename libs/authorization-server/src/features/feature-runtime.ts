import type { Feature, FeatureParts, FeatureRegistration } from './feature.js';
import type { ActiveFeatures } from './feature-set.js';

/** What all features share; the rest is each one's own. */
export type SharedParts = Omit<FeatureParts<unknown>, 'settings'>;

/** The features that are on, built. */
export class FeatureRuntime {
  readonly active: ActiveFeatures;
  /** What they add to the token endpoint. */
  readonly registration: Required<FeatureRegistration>;
  readonly #shared: SharedParts;

  constructor(active: ActiveFeatures, shared: SharedParts) {
    this.active = active;
    this.#shared = shared;
    this.registration = active.register((settings) => ({ ...shared, settings }));
  }

  /**
   * What a feature is built from, for its controllers and pages.
   * @throws Error when the feature is not on
   */
  partsOf<Settings>(feature: Feature<Settings>): FeatureParts<NonNullable<Settings>> {
    const settings = this.active.settingsOf(feature);
    if (settings === undefined) throw new Error(`The feature ${feature.name} is not on`);
    return { ...this.#shared, settings };
  }
}
