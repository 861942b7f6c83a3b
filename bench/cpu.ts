/** CPU time of processes, from the operating system's own accounting. */
import { readFileSync, readdirSync } from 'node:fs';

/** /proc counts in ticks; Linux has shown 100 of them per second to programs on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Whether this operating system tells the CPU time of another process; only Linux does, in a file that can be read cheaply. */
export const CPU_IS_KNOWN = process.platform === 'linux';

/** Seconds of CPU, user and system, that these processes have used; `NaN` where the system does not tell. */
export function cpuSeconds(pids: readonly number[]): number {
  return CPU_IS_KNOWN ? pids.reduce((sum, pid) => sum + cpuOf(pid), 0) : NaN;
}

/** Bytes of memory that are resident; `NaN` where the system does not tell. */
export function residentBytes(pid: number): number {
  if (!CPU_IS_KNOWN) return NaN;
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

/** The processes of a program beneath this one, such as a database server with its backends. */
export function descendants(program: string): number[] {
  if (!CPU_IS_KNOWN) return [];
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)) ?? []);
  const below = new Set([process.pid]);
  for (let size = 0; size !== below.size;) {
    size = below.size;
    for (const { pid, parent } of stats) if (below.has(parent)) below.add(pid);
  }
  return stats.filter(({ pid, command }) => below.has(pid) && command === program).map(({ pid }) => pid);
}

interface Stat {
  readonly pid: number;
  readonly command: string;
  readonly parent: number;
  readonly ticks: number;
}

function cpuOf(pid: number): number {
  return (readStat(pid)?.ticks ?? 0) / TICKS_PER_SECOND;
}

/** proc(5): fields behind the name, which may itself hold spaces and parentheses. */
function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = text.lastIndexOf(')');
    const fields = text.slice(end + 2).split(' ');
    const command = text.slice(text.indexOf('(') + 1, end);
    return { pid, command, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined; // it has ended
  }
}
