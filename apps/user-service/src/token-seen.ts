import { ApiProperty } from '@nestjs/swagger';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { callsOfThisRequest, type TimedCall } from '@onbehalf/service-host';
import { decodeProtectedHeader } from 'jose';
import { z } from 'zod';

/**
 * A token as the service that accepted it reports it: its claims, never the token.
 * message-service has the same file: two services share what they send each other, and no code.
 */
export class TokenSeen {
  @ApiProperty({ description: 'The service that accepted the token', example: 'user-service' })
  service!: string;

  @ApiProperty({ description: 'The decoded claims', type: 'object', additionalProperties: true })
  claims!: Record<string, unknown>;

  @ApiProperty({ description: 'The decoded header', type: 'object', additionalProperties: true })
  header!: Record<string, unknown>;

  @ApiProperty({
    description: 'What this service did before it answered, and how long that took',
    type: 'array',
    items: {},
  })
  calls!: readonly TimedCall[];
}

const timedCall = z.object({
  name: z.string(),
  startedAt: z.number(),
  duration: z.number(),
  attributes: z.record(z.string(), z.any()),
});

/** The shape of {@link TokenSeen} in answers of other services. */
export const tokenSeen = z.object({
  service: z.string(),
  claims: z.record(z.string(), z.unknown()),
  header: z.record(z.string(), z.unknown()).default({}),
  calls: z.array(timedCall).default([]),
});

/** What this service saw of the token of the current request, and what it has done with it so far. */
export function seen(service: string, token: VerifiedAccessToken): TokenSeen {
  return {
    service,
    claims: token.claims,
    header: { ...decodeProtectedHeader(token.token) },
    calls: callsOfThisRequest(),
  };
}
