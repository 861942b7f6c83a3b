/** The code of a failure, such as ECONNREFUSED or an SQLSTATE, in parentheses: its text may name hosts and users. */
export function failureCode(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^\w+$/.test(code) ? ` (${code})` : '';
}
