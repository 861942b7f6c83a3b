/** The user must sign in, or sign in again, before this can be answered. */
export class LoginRequired extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'LoginRequired';
  }
}
