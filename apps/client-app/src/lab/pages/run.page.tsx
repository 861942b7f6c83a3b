import type { VNode } from '@onbehalf/html';
import { Inspector } from '../../inspector/inspector.js';
import { layout } from '../../pages/layout.js';
import type { Run, Track } from '../../run/run.js';
import type { Visitor } from '../../session/visitor.js';
import type { Card } from '../cards/card.js';
import { CsrfField } from '../../pages/csrf-field.js';
import { CardForm, pathOf, sectionOf } from './card-form.js';
import { Guides } from './guides.js';

/** A card, and what happened when it was run last. */
export function cardPage(
  card: Card,
  run: Run | undefined,
  visitor: Visitor | undefined,
  values: Readonly<Record<string, string>> = {},
): string {
  const section = sectionOf(card);
  const content = (
    <>
      <p class="crumb">
        <a href={section.path}>{section.title}</a>
      </p>
      <section class="card">
        <h1>{card.title}</h1>
        <p>{card.when}</p>
        {card.page && (
          <p>
            <a href={card.page.path}>{card.page.name}</a>
          </p>
        )}
        {card.guide !== undefined && <Guides paths={[card.guide]} />}
        <CardForm card={card} visitor={visitor} values={values} />
        {card.signInAgain && visitor && (
          <form class="run again" method="post" action={`${pathOf(card)}/sign-in`}>
            <CsrfField visitor={visitor} />
            <button type="submit" class="quiet">
              Sign in again
            </button>
          </form>
        )}
      </section>
      {run && <RunResult run={run} />}
    </>
  );
  return layout({ title: card.title, content, visitor, path: section.path, isPlayable: run !== undefined });
}

function RunResult({ run }: { readonly run: Run }): VNode {
  return (
    <section aria-labelledby="result">
      <h2 id="result">What happened</h2>
      <p class="hint">
        {new Date(run.at).toISOString().replace('T', ' ').slice(0, 19)} UTC
        {run.traceId !== undefined && (
          <>
            {' '}
            · trace <code>{run.traceId}</code>, under which every service has logged it
          </>
        )}
      </p>
      {run.tracks.length > 1 && <SideBySide tracks={run.tracks} />}
      {run.tracks.map((track, index) => (
        <section class="track" aria-labelledby={`track-${index}`}>
          <h3 id={`track-${index}`}>
            {track.title} <Verdict track={track} />
          </h3>
          <p>{track.lesson}</p>
          {track.action && (
            <p>
              <a class="button" href={track.action.href}>
                {track.action.label}
              </a>
            </p>
          )}
          <Inspector track={track} tokens={run.tokens} />
        </section>
      ))}
    </section>
  );
}

function SideBySide({ tracks }: { readonly tracks: readonly Track[] }): VNode {
  return (
    <div class="sides">
      {tracks.map((track, index) => (
        <div class={`side ${track.way}`}>
          <p class="side-title">
            <a href={`#track-${index}`}>{track.title}</a>
          </p>
          <p>
            <Verdict track={track} />
          </p>
          <p>{track.lesson}</p>
          <Trail track={track} />
          {track.seen.length > 0 && (
            <dl class="pairs">
              {track.seen.map(([name, value]) => (
                <div>
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
          )}
        </div>
      ))}
    </div>
  );
}

/** What the authorization server has written down of the last token that was asked for. */
function Trail({ track }: { readonly track: Track }): VNode | null {
  const sentence = track.messages.findLast(({ record }) => record !== undefined)?.record?.sentence;
  return sentence === undefined ? null : (
    <>
      <p class="hint">The audit trail says</p>
      <blockquote class="sentence">{sentence}</blockquote>
    </>
  );
}

const VERDICTS = {
  wrong: { accepted: 'went through', refused: 'refused', failed: 'did not work' },
  right: { accepted: 'works', refused: 'did not work', failed: 'did not work' },
  guarded: { accepted: 'went through', refused: 'refused, as it must be', failed: 'did not work' },
  compared: { accepted: 'went through', refused: 'refused', failed: 'did not work' },
} as const;

function Verdict({ track: { way, outcome } }: { readonly track: Track }): VNode {
  return <span class={`verdict ${way} ${outcome}`}>{VERDICTS[way][outcome]}</span>;
}
