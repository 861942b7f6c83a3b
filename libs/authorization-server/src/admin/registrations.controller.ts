import {
  Body,
  createParamDecorator,
  Delete,
  type ExecutionContext,
  Get,
  Header,
  Headers,
  HttpCode,
  Param,
  Post,
  Put,
  Res,
  UseGuards,
} from '@nestjs/common';
import type { RegistrationKind } from '@onbehalf/authorization-ports';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { AccessToken, AccessTokenGuard, Scopes } from '@onbehalf/resource-server';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { RegistrationDocuments } from '../registrations/documents/registration-documents.js';
import { RegistrationChanges } from '../registrations/changes/registration-changes.js';
import type { Registration } from '../registrations/documents/registration.js';
import { Registrations } from '../registrations/live/registrations.js';
import { parseInput } from '../protocol/bad-request.js';
import { answerMistakes, notFound, readPreconditions } from './registration-answers.js';
import { etagOf, toView, type RegistrationView } from './registration-view.js';
import { ServerController } from '../pages/server-controller.decorator.js';

const READ = 'registrations.read';
const WRITE = 'registrations.write';

const KINDS: Readonly<Record<string, RegistrationKind>> = {
  clients: 'client',
  resources: 'resource',
  edges: 'edge',
  users: 'user',
};

/** Which of them the path names. */
const Kinds = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<Request>().path.split('/')[2],
);

const rotation = z.strictObject({
  overlap: z
    .int('whole seconds')
    .min(0, 'no less than 0 seconds')
    .max(30 * 24 * 3600, 'no more than 30 days')
    .default(24 * 3600),
});

/**
 * Clients, resources, edges and users at run time. What the file says is in force until something is registered here under
 * the same id. Changes name the version that they are based on (RFC 9110 §13.1).
 */
@ServerController(Object.keys(KINDS).map((kinds) => `admin/${kinds}`))
@UseGuards(AccessTokenGuard)
export class RegistrationsController {
  constructor(
    private readonly registrations: Registrations,
    private readonly changes: RegistrationChanges,
    private readonly documents: RegistrationDocuments,
  ) {}

  @Get()
  @Header('cache-control', 'no-store')
  @Scopes(READ)
  async list(@Kinds() kinds: string): Promise<Record<string, RegistrationView[]>> {
    await this.registrations.follow();
    return { [kinds]: this.registrations.current.list(kindOf(kinds)).map((each) => this.#view(each)) };
  }

  @Get(':id')
  @Header('cache-control', 'no-store')
  @Scopes(READ)
  async show(
    @Kinds() kinds: string,
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RegistrationView> {
    await this.registrations.follow();
    const registration = this.registrations.current.find(kindOf(kinds), id);
    if (!registration) throw notFound();
    return this.#answer(response, registration);
  }

  /** Creates with `If-None-Match: *`, replaces with `If-Match`. */
  @Put(':id')
  @Header('cache-control', 'no-store')
  @Scopes(WRITE)
  async put(
    @Kinds() kinds: string,
    @Param('id') id: string,
    @Body() body: unknown,
    @Headers() headers: Record<string, string>,
    @AccessToken() operator: VerifiedAccessToken,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RegistrationView & { clientSecret?: string }> {
    const kind = kindOf(kinds);
    const version = readPreconditions(headers);
    const input = parseInput(this.documents.sent[kind], body);
    const { registration, secret } = await answerMistakes(this.changes.put(kind, id, version, input, operator));
    if (version === undefined) response.status(201);
    return { ...this.#answer(response, registration), ...(secret === undefined ? {} : { clientSecret: secret }) };
  }

  /** Deletes what was registered here; what the file says is in force again. */
  @Delete(':id')
  @HttpCode(204)
  @Scopes(WRITE)
  async remove(
    @Kinds() kinds: string,
    @Param('id') id: string,
    @Headers() headers: Record<string, string>,
    @AccessToken() operator: VerifiedAccessToken,
  ): Promise<void> {
    const version = readPreconditions({ 'if-match': headers['if-match'] });
    await answerMistakes(this.changes.remove(kindOf(kinds), id, version!, operator));
  }

  /** For the emergency: needs no version. Everything that the client or the user holds is revoked. */
  @Post(':id/disable')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @Scopes(WRITE)
  disable(
    @Kinds() kinds: string,
    @Param('id') id: string,
    @AccessToken() operator: VerifiedAccessToken,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RegistrationView> {
    return this.#setEnabled(kinds, id, false, operator, response);
  }

  @Post(':id/enable')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @Scopes(WRITE)
  enable(
    @Kinds() kinds: string,
    @Param('id') id: string,
    @AccessToken() operator: VerifiedAccessToken,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RegistrationView> {
    return this.#setEnabled(kinds, id, true, operator, response);
  }

  /** A new secret for a client, told once; the ones before hold for `overlap` more seconds, a day unless told. */
  @Post(':id/secret')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @Scopes(WRITE)
  async rotateSecret(
    @Kinds() kinds: string,
    @Param('id') id: string,
    @Body() body: unknown,
    @AccessToken() operator: VerifiedAccessToken,
  ): Promise<object> {
    if (kindOf(kinds) !== 'client') throw notFound();
    const { overlap } = parseInput(rotation, body ?? {});
    const { secret, expiresAt } = await answerMistakes(this.changes.rotateSecret(id, overlap, operator));
    return { clientId: id, clientSecret: secret, previousSecretsExpireAt: expiresAt };
  }

  #view(registration: Registration): RegistrationView {
    return toView(registration, this.registrations.current);
  }

  #answer(response: Response, registration: Registration): RegistrationView {
    response.set('etag', etagOf(registration));
    return this.#view(registration);
  }

  async #setEnabled(
    kinds: string,
    id: string,
    enabled: boolean,
    operator: VerifiedAccessToken,
    response: Response,
  ): Promise<RegistrationView> {
    const kind = kindOf(kinds);
    if (kind === 'resource') throw notFound();
    return this.#answer(response, await answerMistakes(this.changes.setEnabled(kind, id, enabled, operator)));
  }
}

function kindOf(kinds: string): RegistrationKind {
  const kind = Object.hasOwn(KINDS, kinds) ? KINDS[kinds] : undefined;
  if (!kind) throw notFound();
  return kind;
}
