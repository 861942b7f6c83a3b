import type { VNode } from '@onbehalf/html';
import type { Message } from '../run/run.js';

const WIDTH = 1000;
/** Left of it the lanes, right of it the times. */
const LANES = 740;
const TOP = 46;
const ROW = 40;

/** The lanes that the flow always has, in this order; others come before auth-server. */
const USUAL = ['browser', 'client-app', 'user-service', 'auth-server', 'message-service'];

/** Everybody that takes part, from left to right. */
export function lanesOf(messages: readonly Message[]): readonly string[] {
  const present = [...new Set(messages.flatMap(({ from, to }) => [from, to]))];
  const others = present.filter((name) => !USUAL.includes(name));
  const usual = USUAL.filter((name) => present.includes(name));
  const server = usual.indexOf('auth-server');
  return server < 0 ? [...usual, ...others] : [...usual.slice(0, server), ...others, ...usual.slice(server)];
}

/** Who sent what to whom, and beside it when and for how long: everything is in the list below, too. */
export function Lanes({ messages, label }: { readonly messages: readonly Message[]; readonly label: string }): VNode {
  const lanes = lanesOf(messages);
  const total = Math.max(...messages.map(({ startedAt, duration }) => startedAt + duration), 1);
  const height = TOP + messages.length * ROW + 16;
  const x = (lane: string): number => ((lanes.indexOf(lane) + 0.5) * LANES) / lanes.length;
  return (
    <svg class="lanes" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={label}>
      {lanes.map((lane) => (
        <g class="lane">
          <line class="life" x1={x(lane)} y1={TOP - 12} x2={x(lane)} y2={height - 6} />
          <text class={lanes.length > 6 ? 'actor small' : 'actor'} x={x(lane)} y={22} text-anchor="middle">
            {lane}
          </text>
        </g>
      ))}
      <line class="edge" x1={LANES} y1={8} x2={LANES} y2={height - 6} />
      <text class="scale" x={LANES + 12} y={22}>
        0
      </text>
      <text class="scale" x={WIDTH - 4} y={22} text-anchor="end">
        {milliseconds(total)}
      </text>
      {messages.map((message, index) => (
        <Row message={message} index={index} from={x(message.from)} to={x(message.to)} total={total} />
      ))}
    </svg>
  );
}

interface RowProps {
  readonly message: Message;
  readonly index: number;
  readonly from: number;
  readonly to: number;
  readonly total: number;
}

function Row({ message, index, from, to, total }: RowProps): VNode {
  const y = TOP + index * ROW + 20;
  const direction = Math.sign(to - from) || 1;
  const tip = to - direction * 3;
  const span = WIDTH - LANES - 24;
  const left = LANES + 12 + (message.startedAt / total) * span;
  const width = Math.max((message.duration / total) * span, 2);
  const label = labelBeside(left, width);
  return (
    <g class={`step ${toneOf(message)}`} data-step={index + 1} data-at={message.startedAt.toFixed(1)}>
      <line class="arrow" x1={from} y1={y} x2={tip} y2={y} />
      <path class="tip" d={`M${tip} ${y} l${-direction * 9} -5 v10 z`} />
      <circle class="dot" cx={from} cy={y} r={10} />
      <text class="number" x={from} y={y + 4} text-anchor="middle">
        {index + 1}
      </text>
      <text class="what" x={from + direction * 16} y={y - 7} text-anchor={direction > 0 ? 'start' : 'end'}>
        {shortened(message.what, Math.max(Math.abs(to - from), 230))}
      </text>
      <rect class="bar" x={left} y={y - 8} width={width} height={16} rx={3} />
      <text class={label.within ? 'took within' : 'took'} x={label.x} y={y + 4} text-anchor={label.anchor}>
        {milliseconds(message.duration)}
      </text>
    </g>
  );
}

/** Units that the time of a message takes. */
const LABEL = 66;

/** The time stands behind its bar, before it, or in it, wherever there is room. */
function labelBeside(left: number, width: number): { x: number; anchor: 'start' | 'end'; within: boolean } {
  if (WIDTH - left - width > LABEL) return { x: left + width + 5, anchor: 'start', within: false };
  const isAmongLanes = left - LABEL < LANES;
  return isAmongLanes
    ? { x: left + width - 6, anchor: 'end', within: true }
    : { x: left - 5, anchor: 'end', within: false };
}

/** Refused, or not. */
export function toneOf({ answer, failure }: Message): 'accepted' | 'refused' {
  return failure === undefined && (answer?.status ?? 0) < 400 ? 'accepted' : 'refused';
}

export function milliseconds(time: number): string {
  return `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`;
}

/** As many characters as have room on an arrow. */
function shortened(text: string, room: number): string {
  const most = Math.max(Math.floor((room - 34) / 6.4), 5);
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
