import { Logger, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { AuthorizationStore, openStore, toOpeningError, type StoreOptions } from '@onbehalf/authorization-store';
import { TerminusModule } from '@nestjs/terminus';
import { storeOptions, type Settings } from './environment.js';
import { StoreHealthIndicator } from './store.health.js';

/** Seconds of difference between this process's clock and the database's from which on the log tells. */
const TELL_CLOCKS_DIFFER = 2;

/** The store as a provider, closed after the last request. */
@Module({})
export class StoreModule implements OnApplicationShutdown {
  constructor(private readonly store: AuthorizationStore) {}

  static with(settings: Settings, onQuery?: StoreOptions['onQuery']): DynamicModule {
    const store = { provide: AuthorizationStore, useFactory: () => open({ ...storeOptions(settings), onQuery }) };
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

async function open(options: StoreOptions): Promise<AuthorizationStore> {
  const store = await openStore({ ...options, onClockDifference: warnOfClocks }).catch((error: unknown) => {
    throw toOpeningError(options.url, error);
  });
  // the file may be a copy that was put back while nobody served it: nothing tells, so every start counts as one
  if (options.url.startsWith('sqlite:')) await store.renewCursors();
  return store;
}

function warnOfClocks(seconds: number): void {
  if (Math.abs(seconds) < TELL_CLOCKS_DIFFER) return;
  const direction = seconds > 0 ? 'ahead of' : 'behind';
  const by = `${Math.abs(seconds).toFixed(1)} s ${direction} the database's`;
  new Logger(StoreModule.name).warn({ seconds }, `The clock of this machine is ${by}: set it by NTP`);
}
