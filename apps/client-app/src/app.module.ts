import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { AuthorizationServerHealth } from './authorization-server/authorization-server.health.js';
import { AuthorizationServer } from './authorization-server/authorization-server.js';
import { HomeController } from './home/home.controller.js';
import { LabController } from './lab/pages/lab.controller.js';
import { ObservedRecords } from './lab/experiment/observed-records.js';
import { PartnerController } from './lab/partner/partner.controller.js';
import { Partner } from './lab/partner/partner.js';
import { Laboratory } from './lab/experiment/laboratory.js';
import { AccessTokens } from './login/access-tokens.js';
import { LoginController } from './login/login.controller.js';
import { LoginService } from './login/login.service.js';
import { PendingLogins } from './login/pending-logins.js';
import { RefreshTurns } from './login/refresh-turns.js';
import { MessageController } from './message/message.controller.js';
import { UserServiceClient } from './message/user-service.client.js';
import { ActivityController } from './me/activity.controller.js';
import { EvaluateController } from './me/evaluate.controller.js';
import { ActivityRecords } from './me/activity-records.js';
import { MeClient } from './me/me.client.js';
import { OrderController } from './orders/order.controller.js';
import { orderServiceModules } from './orders/order-service.js';
import { AssetsController } from './pages/assets.controller.js';
import { PageErrorFilter } from './page-error.filter.js';
import { Runs } from './run/runs.js';
import { CsrfGuard } from './session/csrf.js';
import { SupportController } from './support/support.controller.js';
import { SupportTool } from './support/support-tool.js';
import { Settings } from './settings.js';
import { RecordsModule } from './store/records.module.js';

@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [RecordsModule.with(settings), ...orderServiceModules(settings)],
      controllers: [
        HomeController,
        LoginController,
        MessageController,
        LabController,
        PartnerController,
        ActivityController,
        EvaluateController,
        SupportController,
        OrderController,
        AssetsController,
      ],
      providers: [
        { provide: Settings, useValue: settings },
        AuthorizationServer,
        AuthorizationServerHealth,
        LoginService,
        PendingLogins,
        RefreshTurns,
        AccessTokens,
        UserServiceClient,
        MeClient,
        ActivityRecords,
        Runs,
        ObservedRecords,
        Partner,
        SupportTool,
        Laboratory,
        { provide: APP_GUARD, useClass: CsrfGuard },
        { provide: APP_FILTER, useClass: PageErrorFilter },
      ],
    };
  }
}
