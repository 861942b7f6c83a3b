import type { Beside, ReadAgain, ServerConfig } from '@onbehalf/authorization-server';

/** What a reload reads. Each throws a ConfigurationError, or an AggregateError of several. */
export interface ReadParts {
  readonly config: () => ServerConfig;
  /** The settings that a start would read otherwise by now. */
  readonly needsRestart: () => readonly string[];
  /** What counts together with the file. */
  readonly beside?: (() => Promise<Beside>) | undefined;
}

/**
 * Reads whatever a reload can, and names what it cannot.
 * @throws AggregateError of all mistakes
 */
export async function readAgain(parts: ReadParts): Promise<ReadAgain> {
  const mistakes: unknown[] = [];
  const attempt = async <Part>(read: () => Part | Promise<Part>): Promise<Part | undefined> => {
    try {
      return await read();
    } catch (error) {
      mistakes.push(error);
      return undefined;
    }
  };
  const config = await attempt(parts.config);
  const needsRestart = await attempt(parts.needsRestart);
  const beside = parts.beside && (await attempt(parts.beside));
  if (config === undefined || mistakes.length > 0) throw new AggregateError(mistakes);
  return { config, ...(needsRestart && { needsRestart }), ...(beside && { beside }) };
}
