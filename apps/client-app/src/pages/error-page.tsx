import type { Visitor } from '../session/visitor.js';
import { layout } from './layout.js';

export interface ErrorPage {
  readonly title: string;
  readonly explanation: string;
  /** What the user can quote, and what every service's log knows. */
  readonly reference: string;
  readonly visitor?: Visitor | undefined;
}

/** What went wrong, in words for a user; never how. */
export function errorPage({ title, explanation, reference, visitor }: ErrorPage): string {
  const content = (
    <section class="card narrow" role="alert">
      <h1>{title}</h1>
      <p>{explanation}</p>
      <p class="hint">
        Reference: <code>{reference}</code>
      </p>
      <p>
        <a class="button" href="/">
          Go to the start page
        </a>
      </p>
    </section>
  );
  return layout({ title, content, visitor });
}
