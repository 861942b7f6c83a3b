import { Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { AuthorizationStore, openStore, type StoreOptions } from '@onbehalf/authorization-store';
import { TerminusModule } from '@nestjs/terminus';
import { storeOptions, type Settings } from './environment.js';
import { StoreHealthIndicator } from './store.health.js';

/** The store as a provider, closed after the last request. */
@Module({})
export class StoreModule implements OnApplicationShutdown {
  constructor(private readonly store: AuthorizationStore) {}

  static with(settings: Settings, onQuery?: StoreOptions['onQuery']): DynamicModule {
    const store = { provide: AuthorizationStore, useFactory: () => openStore({ ...storeOptions(settings), onQuery }) };
    return {
      module: StoreModule,
      imports: [TerminusModule],
      providers: [store, StoreHealthIndicator],
      exports: [AuthorizationStore],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}
