import type { VNode } from '@onbehalf/html';
import { layout } from '../../pages/layout.js';
import type { Visitor } from '../../session/visitor.js';

/** Why nothing is run. */
export type Off = 'production' | 'another server';

/** Says why nothing is run here, and where it is. */
export function offPage(off: Off, visitor: Visitor | undefined): string {
  const content = (
    <section class="card narrow">
      <h1>The experiments are off</h1>
      {off === 'production' ? <InProduction /> : <AtAnotherServer />}
      <p>
        <a class="button" href="/">
          Go to the start page
        </a>
      </p>
    </section>
  );
  return layout({ title: 'The experiments are off', content, visitor });
}

function InProduction(): VNode {
  return (
    <>
      <p>
        This application runs in production mode (<code>NODE_ENV=production</code>). The lab starts services that are
        wrong on purpose and plays clients with secrets that everybody knows, so it does nothing of that here.
      </p>
      <p>
        On your own machine, <code>npm start</code> has them. The message, what would be granted, and who acted for you
        work here, too.
      </p>
    </>
  );
}

function AtAnotherServer(): VNode {
  return (
    <>
      <p>
        The lab plays clients of its own, which the authorization server of this project knows, and shows the decisions
        that it has written down. This application signs its users in elsewhere (<code>TOKEN_PROFILE</code>).
      </p>
      <p>
        <a href="/api/user/message">The message</a> comes the same way as ever, with the exchanges that this server
        makes. With <code>npm start</code> the experiments are there.
      </p>
    </>
  );
}
