import type { Outcome } from '../outcome.ts';
import type { Stage } from '../processes.ts';
import type { Scale } from '../scale.ts';

/** One thing that is measured; it starts what it needs on the stage, which is cleared behind it. */
export interface Case {
  readonly name: string;
  readonly run: (stage: Stage, scale: Scale) => Promise<Outcome | LeftOut>;
}

/** Nothing was measured, because this machine, or this scale, has not what it takes. */
export interface LeftOut {
  readonly leftOut: string;
}
