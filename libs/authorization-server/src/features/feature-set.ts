import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { checkAuditField, snakeCase, type AuditField, type TableDeclaration } from '@onbehalf/authorization-ports';
import type { AuditMember, Explainers, Way } from '@onbehalf/token-exchange';
import { sectionOf } from '../configuration/schema/config-section.js';
import type { ServerConfig } from '../configuration/schema/server-config.schema.js';
import type { Feature, FeatureParts, FeatureRegistration } from './feature.js';

type Settings = NonNullable<unknown>;

/** A feature that is on. */
interface ActiveFeature {
  readonly feature: Feature;
  readonly settings: Settings;
}

/** The features of a server: all that it could have, and of a configuration those that are on. */
export class FeatureSet {
  readonly all: readonly Feature[];

  /** @throws ConfigurationError when two features have the same name, table or audit field, or a list is found by no filter */
  constructor(all: readonly Feature[] = []) {
    this.all = all;
    for (const { name } of all) if (!/^[a-z][A-Za-z0-9]*$/.test(name)) refuse(name, 'a name in camelCase');
    this.auditFields.forEach(checkAuditField);
    checkUnique(all.map(({ name }) => name));
    checkUnique(this.tables.map(({ name }) => name));
    checkUnique(this.auditFields.map(({ name }) => snakeCase(name)));
    checkFoundBy(this.auditFields);
  }

  /** The tables of all features, whether they are on or not: what is stored stays. */
  get tables(): readonly TableDeclaration[] {
    return this.all.flatMap(({ tables = [] }) => tables);
  }

  /** The members of audit records of all features, whether they are on or not: what is on record stays. */
  get auditFields(): readonly AuditField[] {
    return this.all.flatMap(({ audit = [] }) => audit);
  }

  /** The features that this configuration has on. */
  in(config: ServerConfig): ActiveFeatures {
    const active = this.all.flatMap((feature) => {
      const settings = sectionOf(feature, config);
      return settings === undefined ? [] : [{ feature, settings }];
    });
    return new ActiveFeatures(active, config);
  }
}

/** The features that are on, and what they come to together. */
export class ActiveFeatures {
  readonly #active: readonly ActiveFeature[];
  readonly #config: ServerConfig;

  constructor(active: readonly ActiveFeature[], config: ServerConfig) {
    this.#active = active;
    this.#config = config;
  }

  /** What the section of a feature says; `undefined` when the feature is off. */
  settingsOf<S>(feature: Feature<S>): NonNullable<S> | undefined {
    return sectionOf(feature, this.#config);
  }

  /** @param partsFor gives a feature with these settings what it is built from */
  register(partsFor: (settings: Settings) => FeatureParts<Settings>): Required<FeatureRegistration> {
    const registrations = this.#active.map(({ feature, settings }) => feature.register?.(partsFor(settings)) ?? {});
    // one would speak for the parties of the other
    checkUnique(registrations.flatMap(({ foreignIssuers = [] }) => foreignIssuers));
    return {
      verifiers: registrations.flatMap(({ verifiers = [] }) => verifiers),
      rules: registrations.flatMap(({ rules = [] }) => rules),
      admissions: registrations.flatMap(({ admissions = [] }) => admissions),
      ownActors: registrations.flatMap(({ ownActors = [] }) => ownActors),
      issuers: registrations.flatMap(({ issuers = [] }) => issuers),
      grants: registrations.flatMap(({ grants = [] }) => grants),
      foreignIssuers: registrations.flatMap(({ foreignIssuers = [] }) => foreignIssuers),
    };
  }

  /**
   * @param config what is registered now; absent: what the file says
   * @throws ConfigurationError when two features publish the same member, unless both as a list
   */
  metadata(config: ServerConfig = this.#config): Readonly<Record<string, unknown>> {
    const members = this.#active.flatMap(({ feature, settings }) =>
      Object.entries(feature.metadata?.(settings, config) ?? {}),
    );
    const scalars = members.filter(([, value]) => !Array.isArray(value)).map(([name]) => name);
    const lists = Map.groupBy(
      members.filter(([, value]) => Array.isArray(value)),
      ([name]) => name,
    );
    checkUnique([...scalars, ...lists.keys()]);
    const joined = [...lists].map(([name, entries]) => [name, [...new Set(entries.flatMap(([, value]) => value))]]);
    return Object.fromEntries([...members, ...joined]) as Readonly<Record<string, unknown>>;
  }

  get auditMembers(): readonly AuditMember[] {
    return this.#active
      .flatMap(({ feature: { audit = [] } }) => audit)
      .flatMap(({ name, of }) => (of ? [{ name, of }] : []));
  }

  get explainers(): Explainers {
    return Object.fromEntries(
      this.#active.flatMap(({ feature }) =>
        feature.explain ? [[feature.name, feature.explain.bind(feature)] as const] : [],
      ),
    );
  }

  /**
   * The ways that features add, each named after its feature.
   * @param config what is registered now
   */
  ways(config: ServerConfig): readonly Way[] {
    return this.#active.flatMap(({ feature, settings }) =>
      (feature.reach?.(settings, config) ?? []).map((way) => ({ ...way, via: feature.name })),
    );
  }

  /** Each feature that is on, with its settings. */
  get each(): readonly ActiveFeature[] {
    return this.#active;
  }
}

function checkUnique(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) refuse(twice, 'a name that no other has');
}

function checkFoundBy(fields: readonly AuditField[]): void {
  const filters = fields.filter(({ searchable }) => searchable).map(({ name }) => name);
  for (const { foundBy, searchable } of fields) {
    if (foundBy === undefined) continue;
    if (searchable || !filters.includes(foundBy)) refuse(foundBy, 'of a list, another field that is searchable');
  }
}

function refuse(name: string, accepted: string): never {
  throw new ConfigurationError('features', name, accepted);
}
