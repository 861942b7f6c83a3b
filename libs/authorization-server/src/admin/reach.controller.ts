import { Get, Header, HttpException, Query, UseGuards } from '@nestjs/common';
import { AccessTokenGuard, Scopes } from '@onbehalf/resource-server';
import { reachOf, type Reach } from '@onbehalf/token-exchange';
import { z } from 'zod';
import { FeatureRuntime } from '../features/feature-runtime.js';
import { toPolicyRegistrations } from '../policy/exchange-policy.js';
import { parseInput } from '../protocol/bad-request.js';
import { RegistrationDocuments } from '../registrations/documents/registration-documents.js';
import { Registrations } from '../registrations/live/registrations.js';
import { ServerController } from '../pages/server-controller.decorator.js';

/** Chains of exchanges that one answer looks at: with every hop there are more of them. */
const MOST_CHAINS = 1000;

const asked = z.strictObject({
  audience: z.string('one audience').min(1, 'an audience').max(2048, 'no more than 2048 characters'),
});

/** Who can reach an audience, as whom and with which scopes, by the registrations in force. For operators. */
@ServerController('admin/reach')
@UseGuards(AccessTokenGuard)
export class ReachController {
  constructor(
    private readonly registrations: Registrations,
    private readonly documents: RegistrationDocuments,
    private readonly features: FeatureRuntime,
  ) {}

  /** Takes the `audience`. `complete` is false where there are more ways than one answer looks for. */
  @Get()
  @Header('cache-control', 'no-store')
  @Scopes('exchange.explain')
  reach(@Query() query: unknown): Reach & { readonly audience: string } {
    const { audience } = parseInput(asked, query);
    const { config } = this.registrations.current;
    const registered = toPolicyRegistrations(config, this.documents.sections);
    if (!registered.resources.some((resource) => resource.audience === audience)) throw unknown(audience);
    return { audience, ...reachOf(audience, registered, this.features.active.ways(config), MOST_CHAINS) };
  }
}

function unknown(audience: string): HttpException {
  return new HttpException({ error: 'not_found', error_description: `no resource has the audience ${audience}` }, 404);
}
