import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { LoggerModule } from 'nestjs-pino';
import type { Logger } from 'pino';
import { LINE_FORMAT } from '../telemetry/logging.js';

/** The root of every app: logs and health around the app's own module. */
@Module({})
export class HostModule {
  /** @internal */
  static around(app: DynamicModule | Type, logger: Logger): DynamicModule {
    return {
      module: HostModule,
      imports: [
        // no middleware: what is logged while a request is served names it by its trace
        LoggerModule.forRoot({ pinoHttp: { logger, ...LINE_FORMAT }, forRoutes: [] }),
        // a failed check is answered, and asked again every few seconds: it is not worth a line each time
        { ...TerminusModule.forRoot({ logger: false }), global: true },
        app,
      ],
    };
  }
}
