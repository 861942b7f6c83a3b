import { layout } from '../../pages/layout.js';
import type { Visitor } from '../../session/visitor.js';

/** Why nothing is run in production. */
export function offPage(visitor: Visitor | undefined): string {
  const content = (
    <section class="card narrow">
      <h1>The experiments are off</h1>
      <p>
        This application runs in production mode (<code>NODE_ENV=production</code>). The lab starts services that are
        wrong on purpose and plays clients with secrets that everybody knows, so it does nothing of that here.
      </p>
      <p>
        On your own machine, <code>npm start</code> has them. The message, what would be granted, and who acted for you
        work here, too.
      </p>
      <p>
        <a class="button" href="/">
          Go to the start page
        </a>
      </p>
    </section>
  );
  return layout({ title: 'The experiments are off', content, visitor });
}
