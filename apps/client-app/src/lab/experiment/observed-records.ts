import { Injectable } from '@nestjs/common';
import { readBounded } from '@onbehalf/jwt-verification';
import { currentTraceId } from '@onbehalf/service-host';
import { z } from 'zod';
import { AuthorizationServer } from '../../authorization-server/authorization-server.js';
import type { AuditRecord } from '../../run/run.js';
import { Settings } from '../../settings.js';

/** May read the trail, in the demo. */
const OBSERVER = 'lab-observer';
/** Milliseconds. */
const TIMEOUT = 5_000;
const MAX_BYTES = 512 * 1024;

const list = z.array(z.string());
const limits = z.object({ scopes: list.optional(), expiresAt: z.number().optional() });

const event = z.object({
  outcome: z.string(),
  clientId: z.string().default(''),
  subject: z.string().optional(),
  kind: z.string().optional(),
  actors: z.array(z.object({ sub: z.string() })).default([]),
  targets: list.default([]),
  scopesRequested: list.optional(),
  scopesGranted: list.optional(),
  statedReason: z.string().optional(),
  rule: z.string().optional(),
  error: z.string().optional(),
  reason: z.string().optional(),
  decision: z
    .object({ edges: list, steps: z.array(z.object({ rule: z.string(), before: limits, after: limits.optional() })) })
    .optional(),
  traceId: z.string().optional(),
  issuedTokenId: z.string().optional(),
});

const page = z.object({ records: z.array(z.object({ at: z.string(), sentence: z.string().optional(), event })) });

/** What the trail says of the requests of an experiment, also of those that are about no user. Read as an operator of the demo. */
@Injectable()
export class ObservedRecords {
  constructor(
    private readonly settings: Settings,
    private readonly server: AuthorizationServer,
  ) {}

  /** The newest first. */
  async ofThisRequest(): Promise<readonly AuditRecord[]> {
    const { token_endpoint: tokenEndpoint = '' } = (await this.server.configuration()).serverMetadata();
    return this.#read(this.settings.issuer, tokenEndpoint);
  }

  /** The same, at the other company, which has the same server and lets the lab see its trail. */
  async atPartner(): Promise<readonly AuditRecord[]> {
    const { issuer, tokenEndpoint = `${issuer}/oauth2/token` } = this.settings.partner;
    return this.#read(new URL(tokenEndpoint).origin, tokenEndpoint);
  }

  async #read(server: string, tokenEndpoint: string): Promise<readonly AuditRecord[]> {
    const traceId = currentTraceId();
    if (traceId === undefined) return [];
    const query = new URLSearchParams({ trace_id: traceId, limit: '100' });
    const text = await this.#ask(`${server}/admin/audit?${query.toString()}`, {
      headers: { authorization: `Bearer ${await this.#token(tokenEndpoint)}` },
    });
    return page.parse(JSON.parse(text)).records.map(toRecord);
  }

  async #token(url: string): Promise<string> {
    const credentials = Buffer.from(`${OBSERVER}:${this.settings.labSecret}`).toString('base64');
    const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'audit.read' });
    const text = await this.#ask(url, { method: 'POST', headers: { authorization: `Basic ${credentials}` }, body });
    return z.object({ access_token: z.string() }).parse(JSON.parse(text)).access_token;
  }

  async #ask(url: string, init: RequestInit): Promise<string> {
    const options = { ...init, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT) };
    const response = await this.server.fetch(url, options as never);
    const text = await readBounded(response, MAX_BYTES);
    if (!response.ok) throw new Error(`The trail cannot be read: ${response.status}`);
    return text;
  }
}

function toRecord({ at, sentence, event: told }: z.output<typeof page>['records'][number]): AuditRecord {
  const { clientId, actors, targets, rule, error, reason, issuedTokenId, ...same } = told;
  return {
    ...same,
    at,
    sentence,
    client: clientId,
    actors: actors.map(({ sub }) => sub),
    targets,
    ...(error !== undefined && { refusal: { rule: rule ?? 'none', error, reason: reason ?? error } }),
    tokenId: issuedTokenId,
  };
}
