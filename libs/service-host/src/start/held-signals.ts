/** What would end a process that has not said what they mean to it. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const satisfies NodeJS.Signals[];

type Answer = (signal: NodeJS.Signals) => void;

const held: NodeJS.Signals[] = [];
let answer: Answer = (signal) => void held.push(signal);
let holds = false;

/** Keeps signals from ending the process, until the app is there to answer them. First of all: an app takes a second to load. */
export function holdSignals(): void {
  if (holds) return;
  holds = true;
  for (const signal of SIGNALS) process.on(signal, () => answer(signal));
}

/** Answers signals from now on, those that are held first. */
export function answerSignals(by: Answer): void {
  holdSignals();
  answer = by;
  for (const signal of held.splice(0)) by(signal);
}
