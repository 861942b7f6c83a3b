import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { AuditLog } from '../audit/audit-log.js';
import { count, tellVerification } from './tell-verification.js';

type Write = (line: string) => void;

/** How the trail is archived. */
export interface ArchiveCommandOptions {
  /** A date, or a time with its zone: what is older is archived. What {@link retention} says unless told. */
  readonly before?: string | undefined;
  /** The file of the archive. */
  readonly out?: string | undefined;
  /** Days for which records stay in the database at least; no limit unless told. */
  readonly retention?: number | undefined;
  /** Tells what would be archived, and changes nothing. */
  readonly dryRun?: boolean | undefined;
  /** Is told how far it has come. */
  readonly progress?: Write | undefined;
}

const DAY = 24 * 3600 * 1000;
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;
/** Milliseconds between two lines of progress. */
const TELL_EVERY = 1000;

/**
 * Moves the old part of a trail that is whole into a file.
 * @returns 0 when it is done, 1 when the trail is broken, or a dry run has found something to archive
 * @throws ConfigurationError
 */
export async function archive(audit: AuditLog, options: ArchiveCommandOptions, write: Write): Promise<number> {
  const before = timeOf(options);
  const { out, dryRun = false } = options;
  if (!dryRun && out === undefined) throw new ConfigurationError('--out', undefined, 'the file of the archive');
  const broken: Write = (line) => options.progress?.(line);
  if (!(await tellVerification(audit, broken))) {
    write('nothing is archived: the trail is broken, see audit-verify and audit-acknowledge-gap');
    return 1;
  }
  if (dryRun || out === undefined) {
    const { chains, records } = await audit.archivable(before);
    write(`would be archived: ${count(records, 'record')} of ${count(chains, 'chain')}`);
    return records > 0 ? 1 : 0;
  }
  const { archive: done, deleted } = await audit.archive({ before, out, progress: slowly(options.progress) });
  if (done) write(`archived ${count(done.records, 'record')} of ${count(done.segments.length, 'chain')} in ${out}`);
  else write('there is nothing to archive');
  write(`deleted ${count(deleted, 'record')} from the database`);
  return 0;
}

/** @throws ConfigurationError for a time that is none, has not passed, or that the retention forbids */
function timeOf({ before, retention }: ArchiveCommandOptions): number {
  const youngest = Date.now() - (retention ?? 0) * DAY;
  if (before === undefined && retention !== undefined) return youngest;
  const accepted = 'a date such as 2026-01-31, or a time with its zone such as 2026-01-31T12:00:00Z, that has passed';
  const time = TIME.test(before ?? '') && isDay(before!.slice(0, 10)) ? Date.parse(before!) : NaN;
  if (!(time <= Date.now())) throw new ConfigurationError('--before', before, accepted);
  if (time <= youngest) return time;
  const latest = new Date(youngest).toISOString();
  throw new ConfigurationError('--before', before, `a time before ${latest}, because AUDIT_RETENTION is ${retention}`);
}

/** JavaScript takes 31 February for a day of March. */
function isDay(text: string): boolean {
  const day = Date.parse(text);
  return !Number.isNaN(day) && new Date(day).toISOString().startsWith(text);
}

function slowly(tell: Write = () => undefined) {
  let told = -Infinity;
  return (step: string, records: number, of?: number) => {
    const now = performance.now();
    if (records !== of && now - told < TELL_EVERY) return;
    told = now;
    tell(`${step} ${records}${of === undefined ? '' : ` of ${of}`} records`);
  };
}
