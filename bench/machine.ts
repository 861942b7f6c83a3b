import { availableParallelism, cpus, totalmem } from 'node:os';

/** The shape of the machine, as far as figures depend on it; nothing that says which machine it is. */
export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGigabytes: number;
  readonly system: string;
  readonly node: string;
}

export function machine(): Machine {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGigabytes: Math.round(totalmem() / 1024 ** 3),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

export function describe({ cores, processor, memoryGigabytes, system, node }: Machine): string {
  return `${cores} cores (${processor}), ${memoryGigabytes} GB, ${system}, Node ${node}`;
}
