import { Module, type DynamicModule } from '@nestjs/common';
import { LEGACY_SERVICE, LegacySessionProfile, type LegacyService } from './legacy-session.profile.js';

/** The profiles of custom subject tokens: add yours to the providers. */
@Module({})
export class ProfilesModule {
  static with(legacy: LegacyService): DynamicModule {
    return {
      module: ProfilesModule,
      providers: [{ provide: LEGACY_SERVICE, useValue: legacy }, LegacySessionProfile],
    };
  }
}
