/** What a row of either table tells operators. */
interface Described {
  readonly id: string;
  readonly administrator: string;
  readonly client: string;
  readonly subject: string;
  readonly audiences: string;
  readonly scopes: string;
  readonly reason: string;
  readonly ticket: string | null;
  readonly started_at?: number;
  readonly asked_at?: number;
  readonly expires_at: number;
}

/** An impersonation as the admin API shows it; times in seconds since the epoch. */
export function viewOf({ client, audiences, scopes, ticket, ...row }: Described): object {
  const { id, administrator, subject, reason, started_at, asked_at, expires_at } = row;
  return {
    id,
    administrator,
    subject,
    client_id: client,
    audiences: audiences.split(' '),
    scopes: scopes.split(' '),
    reason,
    ...(ticket !== null && { ticket }),
    ...(started_at !== undefined && { started_at }),
    ...(asked_at !== undefined && { asked_at }),
    expires_at,
  };
}
