import { Controller, Get, NotFoundException } from '@nestjs/common';
import type { JSONWebKeySet } from 'jose';
import { Settings } from '../../settings.js';
import { Partner, PARTNER_PATH } from './partner.js';

/** The keys of the other issuer, for the authorization server that trusts it. */
@Controller(PARTNER_PATH)
export class PartnerController {
  constructor(
    private readonly partner: Partner,
    private readonly settings: Settings,
  ) {}

  @Get('jwks.json')
  async jwks(): Promise<JSONWebKeySet> {
    if (!this.settings.experiments) throw new NotFoundException();
    return this.partner.jwks();
  }
}
