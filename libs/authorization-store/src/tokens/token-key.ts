/** A token by issuer and `jti`; the issuer is '' for this server. */
export interface TokenKey {
  readonly iss: string;
  readonly jti: string;
}

/** A token's key as one text, which is also the key of its mark. An issuer is a URL and has no space. */
export function tokenMark({ iss, jti }: TokenKey): string {
  return `${iss} ${jti}`;
}

/** A truth as SQLite tells it, or PostgreSQL. */
export type Flag = number | boolean;
