import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { FeatureRuntime } from '@onbehalf/authorization-server';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { CustomSubjectTokenVerifier } from '../custom-subject-token.verifier.js';
import { profilesByType, type FoundProfile } from './profile-registry.js';
import { FunctionProfile, typeOf, typeOfClass, type SubjectTokenProfile } from './subject-token-profile.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** Finds the profiles among the providers of all modules, and gives each to the verifier of its type. */
@Injectable()
export class ProfileDiscovery implements OnModuleInit {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(FeatureRuntime) private readonly runtime: FeatureRuntime,
  ) {}

  /** @throws ConfigurationError, which stops the start */
  onModuleInit(): void {
    const verifiers = this.runtime.registration.verifiers.filter(
      (verifier) => verifier instanceof CustomSubjectTokenVerifier,
    );
    const found = this.discovery.getProviders().flatMap(toProfile);
    const byType = profilesByType(
      found,
      verifiers.map(({ type }) => type),
    );
    for (const verifier of verifiers) verifier.use(byType.get(verifier.type)!);
  }
}

function toProfile(wrapper: Wrapper): FoundProfile[] {
  // one that is made anew for each request cannot be had before there is one
  if (!wrapper.isDependencyTreeStatic()) return refuseScoped(wrapper);
  // another name for a provider that is there already
  if (wrapper.isAlias) return [];
  const instance: unknown = wrapper.instance;
  const type = typeOf(instance);
  if (type === undefined) return [];
  const name = instance instanceof FunctionProfile ? `the function for ${type}` : (instance as object).constructor.name;
  return [{ type, name, profile: instance as SubjectTokenProfile }];
}

function refuseScoped({ metatype, name }: Wrapper): never[] {
  if (typeOfClass(metatype) === undefined) return [];
  throw new ConfigurationError('the profile', String(name), 'a provider of the default scope');
}
