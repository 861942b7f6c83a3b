/** A failure in words for the user. The cause is for the log. */
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
