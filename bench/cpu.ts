/** CPU time of processes, from the operating system's own accounting. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** /proc counts in ticks; Linux has shown 100 of them per second to programs on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Most kernels also tell what each thread has run, in nanoseconds. */
const IN_NANOSECONDS = existsSync('/proc/self/schedstat');

/** Whether this operating system tells the CPU time of another process; only Linux does, in a file that can be read cheaply. */
export const CPU_IS_KNOWN = process.platform === 'linux';

/** Seconds of CPU, user and system, that these processes have used; `NaN` where the system does not tell, or there are none. */
export function cpuSeconds(pids: readonly number[]): number {
  return CPU_IS_KNOWN && pids.length > 0 ? pids.reduce((sum, pid) => sum + cpuOf(pid), 0) : NaN;
}

/** Bytes of memory that are resident; `NaN` where the system does not tell. */
export function residentBytes(pid: number): number {
  if (!CPU_IS_KNOWN) return NaN;
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

/**
 * Seconds of CPU that a program beneath this process has used with all its processes, such as a database server with its
 * backends, those that have ended included; `NaN` where the system does not tell, or there is none.
 */
export function programSeconds(program: string): number {
  const running = descendants(program);
  const ended = running.reduce((sum, { endedTicks }) => sum + endedTicks, 0) / TICKS_PER_SECOND;
  return cpuSeconds(running.map(({ pid }) => pid)) + ended;
}

function descendants(program: string): Stat[] {
  if (!CPU_IS_KNOWN) return [];
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)) ?? []);
  const below = new Set([process.pid]);
  for (let size = 0; size !== below.size;) {
    size = below.size;
    for (const { pid, parent } of stats) if (below.has(parent)) below.add(pid);
  }
  return stats.filter(({ pid, command }) => below.has(pid) && command === program);
}

interface Stat {
  readonly pid: number;
  readonly command: string;
  readonly parent: number;
  readonly ticks: number;
  /** Of its children that have ended. */
  readonly endedTicks: number;
}

function cpuOf(pid: number): number {
  if (!IN_NANOSECONDS) return (readStat(pid)?.ticks ?? 0) / TICKS_PER_SECOND;
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.reduce((sum, thread) => sum + nanoseconds(`/proc/${pid}/task/${thread}/schedstat`), 0) / 1e9;
  } catch {
    return 0; // it has ended
  }
}

function nanoseconds(path: string): number {
  return Number(readFileSync(path, 'utf8').split(' ', 1)[0]);
}

/** proc(5): fields behind the name, which may itself hold spaces and parentheses. */
function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = text.lastIndexOf(')');
    const fields = text.slice(end + 2).split(' ');
    const command = text.slice(text.indexOf('(') + 1, end);
    const [user, system, endedUser, endedSystem] = fields.slice(11, 15).map(Number) as [number, number, number, number];
    return { pid, command, parent: Number(fields[1]), ticks: user + system, endedTicks: endedUser + endedSystem };
  } catch {
    return undefined; // it has ended
  }
}
