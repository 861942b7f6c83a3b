import type { z } from 'zod';
import type { EdgeConfig, ResourceConfig, ServerConfig } from './server-config.schema.js';

/** Members that registrations hold for somebody else, under the name of its section. They may always be left out. */
export interface SectionMembers {
  readonly client?: z.ZodType;
  readonly resource?: z.ZodType;
  readonly edge?: z.ZodType;
  readonly user?: z.ZodType;
}

/** What the configuration file says to somebody else than this library: a section of its own, and members of registrations. */
export interface ConfigSection<Settings = unknown> {
  /** In camelCase: the section, and the member of registrations. */
  readonly name: string;
  /**
   * The schema of the section. Where it gives `undefined` for a section that is left out, nothing of it is in force then; where it
   * has a default, it always is.
   */
  readonly settings: z.ZodType<Settings>;
  readonly members?: SectionMembers;
  /** Grants that clients may have beside those of this library, as absolute URIs. RFC 6749 §4.5 */
  readonly grantTypes?: readonly string[];
  /** Modes of edges that it alone gives a meaning. */
  readonly edgeModes?: readonly EdgeConfig['mode'][];
  /** Values of `subProfile` of clients that it alone gives a meaning. */
  readonly subProfiles?: readonly string[];
  /** Kinds of resources that it alone gives a meaning. */
  readonly resourceKinds?: readonly ResourceConfig['kind'][];
  /** What tokens of people may be good for at its own endpoints under `/me`, beside what the server itself tells them. */
  readonly meScopes?: readonly string[];
  /**
   * Checks what schemas cannot, such as names that must be registered.
   * @param section the section, as a mistake names it
   * @throws ConfigurationError
   */
  check?(settings: NonNullable<Settings>, config: ServerConfig, section: string): void;
}

/** What the section of the file says; `undefined` when it is left out. */
export function sectionOf<Settings>(
  { name }: ConfigSection<Settings>,
  config: ServerConfig,
): NonNullable<Settings> | undefined {
  return (config as unknown as Readonly<Record<string, NonNullable<Settings> | undefined>>)[name] ?? undefined;
}
