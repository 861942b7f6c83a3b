import { Injectable, Logger } from '@nestjs/common';
import { readBounded } from '@onbehalf/jwt-verification';
import type { Request } from 'express';
import type { z } from 'zod';
import { AuthorizationServerUnavailable } from '../authorization-server/authorization-server-unavailable.js';
import { AuthorizationServer } from '../authorization-server/authorization-server.js';
import { AccessTokens } from '../login/access-tokens.js';

/** Milliseconds. */
const TIMEOUT = 5_000;
const MAX_BYTES = 512 * 1024;

/** The authorization server's answer where it refuses. */
export class MeRefused extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
  ) {
    super(`The authorization server answered ${status}: ${reason}`);
    this.name = 'MeRefused';
  }
}

/** What the authorization server tells its users about themselves, asked with a token of the user. */
@Injectable()
export class MeClient {
  readonly #logger = new Logger('Me');

  constructor(
    private readonly server: AuthorizationServer,
    private readonly tokens: AccessTokens,
  ) {}

  /** Whether this server tells anything. */
  async isThere(): Promise<boolean> {
    return (await this.server.meEndpoint()) !== undefined;
  }

  /**
   * @param path below the endpoint, such as `/activity?limit=20`
   * @throws MeRefused when it answers with a refusal
   * @throws LoginRequired when the user must sign in again
   * @throws AuthorizationServerUnavailable when it does not answer
   */
  async get<Schema extends z.ZodType>(request: Request, path: string, schema: Schema): Promise<z.output<Schema>> {
    return schema.parse(JSON.parse(await this.#send(request, path, { method: 'GET' })));
  }

  /** Sends JSON, and reads JSON; throws as {@link get} does. */
  async post<Schema extends z.ZodType>(
    request: Request,
    path: string,
    body: object,
    schema: Schema,
  ): Promise<z.output<Schema>> {
    const headers = { 'content-type': 'application/json' };
    return schema.parse(
      JSON.parse(await this.#send(request, path, { method: 'POST', headers, body: JSON.stringify(body) })),
    );
  }

  /** Throws as {@link get} does. */
  async delete(request: Request, path: string): Promise<void> {
    await this.#send(request, path, { method: 'DELETE' });
  }

  async #send(
    request: Request,
    path: string,
    init: { method: string; headers?: Record<string, string>; body?: string },
  ): Promise<string> {
    const endpoint = await this.server.meEndpoint();
    if (endpoint === undefined) throw new MeRefused(404, 'this authorization server tells its users nothing');
    const headers = {
      ...init.headers,
      authorization: `Bearer ${await this.tokens.forMe(request)}`,
      accept: 'application/json',
    };
    const options = { ...init, headers, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT) };
    const response = await this.server.fetch(`${endpoint}${path}`, options as never).catch((error: unknown) => {
      throw new AuthorizationServerUnavailable({ cause: error });
    });
    const text = await readBounded(response, MAX_BYTES);
    if (response.ok) return text;
    this.#logger.warn({ status: response.status }, 'a request to /me was refused');
    if (response.status >= 500) throw new AuthorizationServerUnavailable();
    throw new MeRefused(response.status, reasonIn(text));
  }
}

function reasonIn(text: string): string {
  try {
    const { error_description: description, error } = JSON.parse(text) as Record<string, unknown>;
    const told = [description, error].find((each) => typeof each === 'string');
    return told?.slice(0, 300) ?? 'no reason given';
  } catch {
    return 'no reason given';
  }
}
