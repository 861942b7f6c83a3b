import { z } from 'zod';

const MAX_HOPS = 10;

/** A token as the service that accepted it reports it: its claims, never the token. */
const hop = z.object({ service: z.string(), claims: z.record(z.string(), z.json()) });

/** What user-service answers. */
export const messageAnswer = z.object({ message: z.string(), hops: z.array(hop).max(MAX_HOPS) });

export type MessageAnswer = z.output<typeof messageAnswer>;
export type Hop = z.output<typeof hop>;
