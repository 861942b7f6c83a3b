import { z } from 'zod';

const MAX_HOPS = 10;
const MAX_CALLS = 50;

/** What a service did before it answered, as its own span tells. Times in milliseconds, the first since the epoch. */
const call = z.object({
  name: z.string(),
  startedAt: z.number(),
  duration: z.number(),
  attributes: z.record(z.string(), z.json()),
});

/** A token as the service that accepted it reports it: its claims, never the token. */
const hop = z.object({
  service: z.string(),
  claims: z.record(z.string(), z.json()),
  header: z.record(z.string(), z.json()).default({}),
  calls: z.array(call).max(MAX_CALLS).default([]),
});

/** What user-service answers. */
export const messageAnswer = z.object({ message: z.string(), hops: z.array(hop).max(MAX_HOPS) });

export type MessageAnswer = z.output<typeof messageAnswer>;
export type Hop = z.output<typeof hop>;
