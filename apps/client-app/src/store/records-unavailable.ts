/** The store of sessions does not answer, or does not take what is written. Says nothing about the request: it may be sent again. */
export class RecordsUnavailable extends Error {
  constructor(options?: ErrorOptions) {
    super('The store of sessions is unavailable', options);
    this.name = 'RecordsUnavailable';
  }
}

/** @throws RecordsUnavailable when the database fails */
export async function orUnavailable<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw new RecordsUnavailable({ cause: error });
  }
}
