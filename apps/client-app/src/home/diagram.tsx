import type { VNode } from '@onbehalf/html';

const PARTIES: readonly (readonly [name: string, x: number])[] = [
  ['browser', 20],
  ['client-app', 230],
  ['user-service', 440],
  ['message-service', 790],
];

/** The way of one message, with the tokens that open each door. The list below it says the same in words. */
export function Diagram(): VNode {
  return (
    <svg
      class="diagram"
      viewBox="0 0 960 300"
      role="img"
      aria-label="The way of a message: client-app calls user-service with Token A; user-service exchanges it at auth-server for Token B, with which it calls message-service"
    >
      <Parties />
      <Arrow d="M170 222 H224" tip="M230 222 l-9 -5 v10 z" />
      <Arrow d="M380 222 H434" tip="M440 222 l-9 -5 v10 z" />
      <Arrow d="M525 196 C525 110 560 100 600 82" tip="M606 77 l-3 10 l-7 -8 z" />
      <Arrow d="M670 76 C670 120 600 150 574 190" tip="M570 196 l0 -11 l8 6 z" />
      <Arrow d="M590 222 H784" tip="M790 222 l-9 -5 v10 z" />
      <text class="step" x={407} y={206} text-anchor="middle">
        A
      </text>
      <text class="caption" x={516} y={140} text-anchor="end">
        Token A, please for message-service
      </text>
      <text class="caption" x={668} y={140}>
        Token B: same user, new audience, act
      </text>
      <text class="step" x={687} y={206} text-anchor="middle">
        B
      </text>
      <g class="claims-of">
        <text x={515} y={272} text-anchor="middle">
          aud user-service
        </text>
        <text x={865} y={272} text-anchor="middle">
          aud message-service
        </text>
        <text class="act" x={865} y={291} text-anchor="middle">
          act user-service
        </text>
      </g>
    </svg>
  );
}

function Parties(): VNode {
  return (
    <>
      {PARTIES.map(([name, x]) => (
        <g class="party">
          <rect x={x} y={196} width={150} height={52} rx={10} />
          <text x={x + 75} y={227} text-anchor="middle">
            {name}
          </text>
        </g>
      ))}
      <g class="party server">
        <rect x={560} y={24} width={180} height={52} rx={10} />
        <text x={650} y={55} text-anchor="middle">
          auth-server
        </text>
      </g>
    </>
  );
}

function Arrow({ d, tip }: { readonly d: string; readonly tip: string }): VNode {
  return (
    <>
      <path class="arrow" d={d} />
      <path class="tip" d={tip} />
    </>
  );
}
