import type { Experiment } from '../experiment/experiment.js';

/** Something to fill in before the button is pressed. */
export interface CardField {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  /** Absent: a line of text. */
  readonly options?: readonly { readonly value: string; readonly label: string }[];
  readonly maxLength?: number;
}

/** One thing that the lab can show: what it is, when to use it, and a button that really does it. */
export interface Card {
  /** Its address: `/lab/<id>`. */
  readonly id: string;
  /** `faces`: ways to use token exchange; `failures`: ways that fail. */
  readonly section: 'faces' | 'failures';
  readonly title: string;
  /** When to use it, or what goes wrong, in two sentences. */
  readonly when: string;
  /** What the button says. Default `Run it`. */
  readonly button?: string;
  /** A page of the repository's documentation, from its root, such as `docs/guides/x.md`. */
  readonly guide?: string;
  /** A page of this app that does it for real. */
  readonly page?: { readonly path: string; readonly name: string };
  readonly fields?: readonly CardField[];
  /** Whether the page offers to sign in once more, for what wants a fresh authentication. */
  readonly signInAgain?: boolean;
  /**
   * Does it, by real requests. Whatever it sends by its tracks appears in the inspector, with the decision of the authorization
   * server beside it; what it says is said after the answers, so that it says what did happen.
   */
  readonly run: (experiment: Experiment) => Promise<void>;
}
