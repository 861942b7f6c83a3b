import { InvalidCursor, type IssuedTokens, type RevocationPage } from '@onbehalf/authorization-ports';
import { createHash } from 'node:crypto';
import { Body, Get, HttpException, Inject, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ISSUED_TOKENS } from '../ports/injection-tokens.js';
import { ResourceServerGuard } from './resource-server.guard.js';
import { ServerController } from '../pages/server-controller.decorator.js';

/** The longest `since` that is looked at: a cursor holds a number and two identifiers. */
const MAX_CURSOR = 4096;

/**
 * The revocation feed: tokens that were revoked before their expiry, descendants included, for guards that poll it. The
 * answer is `{"tokens":[{"jti","exp","iss"?}],"cursor"}`, `iss` only for tokens of another issuer; `?since=cursor` gives
 * what came after, and an ETag that still holds is answered with 304.
 */
@ServerController('oauth2/revocations')
@UseGuards(ResourceServerGuard)
export class RevocationsController {
  constructor(@Inject(ISSUED_TOKENS) private readonly tokens: IssuedTokens) {}

  @Get()
  async list(@Query('since') since: unknown, @Req() request: Request, @Res() response: Response): Promise<void> {
    const body = toFeed(await this.#page(since));
    const etag = etagOf(body);
    response.set({ etag, 'cache-control': 'private, no-cache' });
    // not Express's `fresh`: fetch adds "Cache-Control: no-cache" to conditional requests, which that takes for a reload
    if (matches(request.headers['if-none-match'], etag)) response.status(304).end();
    else response.type('json').send(body);
  }

  /** The same for clients that authenticate in the body (`private_key_jwt`, `client_secret_post`): no assertion in a URL. */
  @Post()
  async listByForm(@Body('since') since: unknown, @Res() response: Response): Promise<void> {
    response
      .status(200)
      .set('cache-control', 'no-store')
      .type('json')
      .send(toFeed(await this.#page(since)));
  }

  async #page(since: unknown): Promise<RevocationPage> {
    if (since !== undefined && (typeof since !== 'string' || since.length > MAX_CURSOR)) throw invalidSince();
    try {
      return await this.tokens.revokedSince(since);
    } catch (error) {
      if (error instanceof InvalidCursor) throw invalidSince();
      throw error;
    }
  }
}

function toFeed({ tokens, cursor }: RevocationPage): string {
  return JSON.stringify({ tokens: tokens.map(({ iss, jti, expiresAt }) => ({ iss, jti, exp: expiresAt })), cursor });
}

function etagOf(body: string): string {
  return `"${createHash('sha256').update(body).digest('base64url')}"`;
}

// RFC 9110 §13.1.2: weak comparison
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  const given = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return given.includes(etag) || given.includes('*');
}

function invalidSince(): HttpException {
  const description = 'since is not a cursor that this feed has given';
  return new HttpException({ error: 'invalid_request', error_description: description }, 400);
}
