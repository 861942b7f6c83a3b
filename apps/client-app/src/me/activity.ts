import { z } from 'zod';
import type { AuditRecord } from '../run/run.js';

const limits = z.object({ scopes: z.array(z.string()).optional(), expiresAt: z.number().optional() });
const list = z.array(z.string());

/** A line of `GET /me/activity`. */
const line = z.object({
  id: z.string(),
  at: z.string(),
  outcome: z.string(),
  client_id: z.string(),
  agent: z.string().optional(),
  kind: z.string().optional(),
  actors: z.array(z.object({ sub: z.string() })).default([]),
  audiences: list.default([]),
  scopes_requested: list.optional(),
  scopes: list.optional(),
  expires_at: z.string().optional(),
  active: z.boolean().optional(),
  jti: z.string().optional(),
  subject_jti: z.string().optional(),
  stated_reason: z.string().optional(),
  refusal: z.object({ rule: z.string(), error: z.string(), reason: z.string() }).optional(),
  decision: z
    .object({
      edges: list,
      steps: z.array(z.object({ rule: z.string(), before: limits, after: limits.optional() })),
    })
    .optional(),
  trace_id: z.string().optional(),
  receipt: z.string().optional(),
});

/** A page of it, the newest line first. */
export const activityPage = z.object({
  activity: z.array(line),
  cursor: z.string().optional(),
  /** What happened before this time may be in an archive, and is not listed then. */
  archived_before: z.string().optional(),
});

export type ActivityPage = z.output<typeof activityPage>;
export type ActivityLine = z.output<typeof line>;

/** A line as the inspector shows it. */
export function toRecord(given: ActivityLine): AuditRecord {
  return {
    at: given.at,
    outcome: given.outcome,
    client: given.client_id,
    kind: given.kind,
    actors: given.actors.map(({ sub }) => sub),
    targets: given.audiences,
    scopesRequested: given.scopes_requested,
    scopesGranted: given.scopes,
    statedReason: given.stated_reason,
    refusal: given.refusal,
    decision: given.decision,
    receipt: given.receipt,
    traceId: given.trace_id,
    tokenId: given.jti,
  };
}
