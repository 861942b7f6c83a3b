/** A failure that the user is told of, in words for a user. The cause is for the log. */
export class PageError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly explanation: string,
    options?: ErrorOptions,
  ) {
    super(title, options);
    this.name = 'PageError';
  }
}
