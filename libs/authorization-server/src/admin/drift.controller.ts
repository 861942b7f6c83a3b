import { Get, Header, UseGuards } from '@nestjs/common';
import { AccessTokenGuard, Scopes } from '@onbehalf/resource-server';
import { driftOf, type Drift } from '../registrations/drift/drift.js';
import { RegistrationDocuments } from '../registrations/documents/registration-documents.js';
import { Registrations } from '../registrations/live/registrations.js';
import { ServerController } from '../pages/server-controller.decorator.js';

/** Where the file and what is registered at run time are two things; the command `registrations diff` tells the same. */
@ServerController('admin/drift')
@UseGuards(AccessTokenGuard)
export class DriftController {
  constructor(
    private readonly registrations: Registrations,
    private readonly documents: RegistrationDocuments,
  ) {}

  @Get()
  @Header('cache-control', 'no-store')
  @Scopes('registrations.read')
  async list(): Promise<{ readonly drift: readonly Drift[] }> {
    await this.registrations.follow();
    return { drift: driftOf(this.registrations.current, this.documents.sections) };
  }
}
