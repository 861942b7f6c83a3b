import { z } from 'zod';

const list = z.array(z.string());
const limits = z.object({ scopes: list.optional(), expiresAt: z.number().optional() });

/** `GET /me/clients` */
export const usedClients = z.object({
  clients: z.array(z.object({ client_id: z.string(), subject_audiences: list.default([]), targets: list.default([]) })),
});

export type UsedClients = z.output<typeof usedClients>['clients'];

/** `POST /me/evaluate` */
export const evaluation = z.object({
  outcome: z.string(),
  subject: z.string().optional(),
  subject_audience: z.string().optional(),
  kind: z.string().optional(),
  actors: z.array(z.object({ sub: z.string() })).default([]),
  targets: list.default([]),
  edges: list.default([]),
  steps: z.array(z.object({ rule: z.string(), before: limits, after: limits.optional() })).default([]),
  granted: z.object({ scopes: list, expiresAt: z.number() }).optional(),
  refusal: z.object({ rule: z.string(), error: z.string(), description: z.string(), reason: z.string() }).optional(),
});

export type Evaluation = z.output<typeof evaluation>;

/** What is asked. */
export interface Question {
  readonly client: string;
  readonly audience: string;
  readonly scope: string;
  /** Whether the rules that changed nothing are told, too. */
  readonly isWhole: boolean;
}

/** The claims that such a token would have, from what the evaluation says of it. RFC 8693 §4.1 */
export function claimsOf(
  { subject, targets, granted, actors }: Evaluation,
  client: string,
): Readonly<Record<string, unknown>> {
  const act = actors.reduceRight<object | undefined>(
    (inner, { sub }) => ({ sub, ...(inner && { act: inner }) }),
    undefined,
  );
  return {
    sub: subject,
    aud: targets.length === 1 ? targets[0] : targets,
    scope: granted?.scopes.join(' '),
    ...(act && { act }),
    client_id: client,
    exp: granted?.expiresAt,
  };
}
