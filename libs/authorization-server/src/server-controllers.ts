import type { Type } from '@nestjs/common';
import { ActivityController } from './me/activity.controller.js';
import { AssetsController } from './pages/assets.controller.js';
import { AuditController } from './admin/audit.controller.js';
import { ConsentController } from './pages/consent.controller.js';
import { ConsentsController } from './pages/consents.controller.js';
import { DriftController } from './admin/drift.controller.js';
import { EvaluationController } from './me/evaluation.controller.js';
import { ExplainController } from './admin/explain.controller.js';
import { HomeController } from './pages/home.controller.js';
import { LogLevelController } from './admin/log-level.controller.js';
import { LoginController } from './pages/login.controller.js';
import { MetricsController } from './admin/metrics.controller.js';
import { ReachController } from './admin/reach.controller.js';
import { ReloadController } from './admin/reload.controller.js';
import { RegistrationsController } from './admin/registrations.controller.js';
import { RevocationsController } from './revocations/revocations.controller.js';

/** Everything that the server answers beside the endpoints of the protocol. */
export const SERVER_CONTROLLERS: Type[] = [
  HomeController,
  LoginController,
  ConsentController,
  ConsentsController,
  AssetsController,
  RevocationsController,
  ExplainController,
  ReachController,
  AuditController,
  MetricsController,
  DriftController,
  ReloadController,
  LogLevelController,
  RegistrationsController,
  ActivityController,
  EvaluationController,
];
