import { z } from 'zod';
import type { DownstreamClient } from './downstream-client.js';

declare const messages: DownstreamClient;

/** The type of an answer is what its schema gives. */
export const fromSchema: Promise<{ text: string }> = messages.get('/', { schema: z.object({ text: z.string() }) });
export const fromBody: Promise<number> = messages.post('/', { any: 'body' }, { schema: z.coerce.number() });

// @ts-expect-error a schema of strings gives no number
export const wrong: Promise<number> = messages.get('/', { schema: z.string() });

// @ts-expect-error without a schema or a type nothing is known
export const unknown: Promise<string> = messages.get<unknown>('/');

export const asserted: Promise<{ text: string }> = messages.get<{ text: string }>('/');
