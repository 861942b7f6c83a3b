import { Body, Header, HttpCode, HttpException, Inject, Post, UseGuards } from '@nestjs/common';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { AccessToken, AccessTokenGuard, Scopes } from '@onbehalf/resource-server';
import { z } from 'zod';
import { ServerController } from '../pages/server-controller.decorator.js';
import { parseInput } from '../protocol/bad-request.js';
import { ConfigurationReload, ReloadRefused, type Reload } from '../registrations/reload/configuration-reload.js';
import { notFound } from './registration-answers.js';

const nothing = z.strictObject({});

/** Reads the configuration file and its secrets again, on all replicas, as SIGHUP does. */
@ServerController('admin/reload')
@UseGuards(AccessTokenGuard)
export class ReloadController {
  constructor(@Inject(ConfigurationReload) private readonly configuration: ConfigurationReload | undefined) {}

  /** Tells what has changed, and what needs a restart; `mistakes` with 400 tell each file, line and setting, and nothing has changed. */
  @Post()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @Scopes('registrations.write')
  async reload(@Body() body: unknown, @AccessToken() operator: VerifiedAccessToken): Promise<Reload> {
    parseInput(nothing, body ?? {});
    if (!this.configuration) throw notFound();
    try {
      return await this.configuration.reload(operator);
    } catch (error) {
      if (!(error instanceof ReloadRefused)) throw error;
      const { message, mistakes } = error;
      throw new HttpException({ error: 'invalid_request', error_description: message, mistakes }, 400);
    }
  }
}
