import { Body, Delete, Get, HttpCode, HttpException, Inject, Param, Post, Query, Req, UseGuards } from '@nestjs/common';
import {
  CurrentPerson,
  FEATURE_PARTS,
  parseInput,
  PersonGuard,
  requireJson,
  type FeatureParts,
  type Person,
  ServerController,
} from '@onbehalf/authorization-server';
import { AccessTokenGuard, Scopes } from '@onbehalf/resource-server';
import type { Request } from 'express';
import { z } from 'zod';
import { viewOf } from './accounts/linked-account.js';
import { LinkRefused } from './linking/link.js';
import { PATH } from './linking/paths.js';
import { READ, WRITE, type TokenVaultSettings } from './token-vault.schema.js';
import { Vault } from './vault.js';

/** Characters of a request. */
const LONGEST_REQUEST = 8 * 1024;

const text = z.string('a string').min(1, 'a value that is not empty').max(2048, 'no more than 2048 characters');
const nothing = z.strictObject({});
const asked = z.strictObject(
  {
    provider: text,
    scope: text.regex(/^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/, 'scopes (RFC 6749 section 3.3)'),
    redirect_uri: text,
    state: text.optional(),
    code_challenge: z.string('a string').regex(/^[\w-]{43}$/, 'the hash of the verifier (RFC 7636 section 4.2)'),
    code_challenge_method: z.literal('S256', 'S256'),
  },
  'a JSON object is expected',
);
const completion = z.strictObject(
  {
    connect_code: text,
    code_verifier: z.string('a string').regex(/^[\w.~-]{43,128}$/, 'a verifier (RFC 7636 section 4.1)'),
  },
  'a JSON object is expected',
);

/** Lets clients link accounts of the person who asks, show and unlink them. */
@ServerController('me/linked-accounts')
@UseGuards(AccessTokenGuard, PersonGuard)
export class MeLinkedAccountsController {
  readonly #parts: FeatureParts<TokenVaultSettings>;
  readonly #vault: Vault;

  constructor(@Inject(FEATURE_PARTS) parts: FeatureParts<TokenVaultSettings>) {
    this.#parts = parts;
    this.#vault = new Vault(parts);
  }

  @Get()
  @Scopes(READ)
  async list(@CurrentPerson() person: Person, @Query() query: unknown): Promise<object> {
    parseInput(nothing, query);
    return { linked_accounts: (await this.#vault.accounts.of(person)).map(viewOf) };
  }

  /** Begins a link: the browser of the person opens it, in the session that the person has at this server. */
  @Post()
  @HttpCode(201)
  @Scopes(WRITE)
  async begin(
    @CurrentPerson() person: Person,
    @Query() query: unknown,
    @Body() body: unknown,
    @Req() request: Request,
  ): Promise<object> {
    requireJson(request, body, LONGEST_REQUEST);
    parseInput(nothing, query);
    const { provider, scope, redirect_uri: redirectUri, state, code_challenge } = parseInput(asked, body);
    const { clientId } = person.token;
    this.#checkProvider(provider, scope.split(' '));
    this.#checkRedirectUri(clientId, redirectUri);
    const { subject, life } = person;
    const client = { clientId, redirectUri, state, codeChallenge: code_challenge };
    const link = await this.#vault.linking.ask({ subject, life, provider, scopes: scope.split(' '), client });
    const connect_uri = `${this.#parts.own.issuer}${PATH}/connect/${link}`;
    return { connect_uri, expires_in: this.#parts.settings.linkTime };
  }

  /** Completes a link with what the browser has brought back to the client. */
  @Post('complete')
  @HttpCode(201)
  @Scopes(WRITE)
  async complete(
    @CurrentPerson() { subject, life, token: { clientId } }: Person,
    @Query() query: unknown,
    @Body() body: unknown,
    @Req() request: Request,
  ): Promise<object> {
    requireJson(request, body, LONGEST_REQUEST);
    parseInput(nothing, query);
    const { connect_code: code, code_verifier: verifier } = parseInput(completion, body);
    try {
      return viewOf(await this.#vault.linking.complete(code, verifier, { subject, life, clientId }));
    } catch (error) {
      if (!(error instanceof LinkRefused)) throw error;
      if (error.problem === 'conflict') throw refusal(409, 'invalid_request', 'another account was linked meanwhile');
      // one answer for all: whose code it is, is nobody's business
      throw refusal(400, 'invalid_grant', 'connect_code is unknown, was used, has ended, or is not for this caller');
    }
  }

  /** Unlinks an account, and ends the consent at the provider. */
  @Delete(':id')
  @Scopes(WRITE)
  async unlink(@CurrentPerson() person: Person, @Param('id') id: string, @Query() query: unknown): Promise<object> {
    parseInput(nothing, query);
    const row = (await this.#vault.accounts.of(person)).find((each) => each.id === id);
    const { subject, life } = person;
    const key = row && { subject, life, provider: row.provider };
    const revoked = key && (await this.#vault.changes.unlink(key, id, { clientId: person.token.clientId }));
    if (revoked === undefined) throw refusal(404, 'not_found', 'there is no such linked account');
    return { revoked_at_provider: revoked };
  }

  #checkProvider(provider: string, scopes: readonly string[]): void {
    const known = this.#vault.clientOf(provider) && this.#vault.scopesOf(provider);
    if (!known) throw refusal(400, 'invalid_target', 'provider: no accounts are linked at this provider');
    if (scopes.every((scope) => known.includes(scope))) return;
    throw refusal(400, 'invalid_scope', 'scope: more than may be linked at this provider');
  }

  #checkRedirectUri(clientId: string, redirectUri: string): void {
    const client = this.#parts.config().clients.find((each) => each.clientId === clientId);
    // compared as text: RFC 9700 §2.1
    if (client?.redirectUris.includes(redirectUri)) return;
    throw refusal(400, 'invalid_request', 'redirect_uri: not one that is registered for the client');
  }
}

function refusal(status: number, error: string, error_description: string): HttpException {
  return new HttpException({ error, error_description }, status);
}
