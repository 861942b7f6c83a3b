import { Inject, Logger, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { Settings } from '../settings.js';
import { CookieSecrets } from './cookie-secrets.js';
import { openRecords, type OpenedRecords } from './open-records.js';
import { RecordsHealth } from './records.health.js';
import { SharedRecords } from './shared-records.js';

const OPENED = Symbol('OpenedRecords');
/** Milliseconds between two sweeps of what has expired. */
const SWEEP_EVERY = 60_000;

/** What all replicas share, closed after the last request. */
@Module({})
export class RecordsModule implements OnApplicationShutdown {
  readonly #logger = new Logger('Records');
  readonly #timer: NodeJS.Timeout;
  #sweep: Promise<unknown> = Promise.resolve();

  constructor(@Inject(OPENED) private readonly opened: OpenedRecords) {
    this.#timer = setInterval(() => {
      this.#sweep = opened.records.sweep().catch((error: unknown) => this.#logger.warn(error));
    }, SWEEP_EVERY).unref();
  }

  static with(settings: Settings): DynamicModule {
    const { database, sessionSecret } = settings;
    return {
      module: RecordsModule,
      global: true,
      providers: [
        { provide: OPENED, useFactory: () => openRecords(database) },
        { provide: SharedRecords, useFactory: ({ records }: OpenedRecords) => records, inject: [OPENED] },
        {
          provide: CookieSecrets,
          useFactory: ({ sealing }: OpenedRecords) => new CookieSecrets(sealing, sessionSecret),
          inject: [OPENED],
        },
        RecordsHealth,
      ],
      exports: [SharedRecords, CookieSecrets, RecordsHealth],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweep;
    await this.opened.database.destroy();
  }
}
