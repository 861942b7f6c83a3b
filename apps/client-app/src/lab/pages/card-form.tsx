import type { VNode } from '@onbehalf/html';
import { CsrfField } from '../../pages/csrf-field.js';
import type { Visitor } from '../../session/visitor.js';
import type { Card, CardField } from '../cards/card.js';

const SECTIONS = {
  failures: { path: '/lab/failures', title: 'Ways that fail' },
  faces: { path: '/lab/faces', title: 'Faces of token exchange' },
} as const;

/** The page on which a card stands. */
export function sectionOf({ section }: Card): (typeof SECTIONS)[Card['section']] {
  return SECTIONS[section];
}

/** The address of a card: to look at it by GET, to run it by POST. */
export function pathOf({ id }: Card): string {
  return `/lab/cards/${id}`;
}

interface CardFormProps {
  readonly card: Card;
  readonly visitor: Visitor | undefined;
  readonly values?: Readonly<Record<string, string>>;
}

/** What is to be filled in, and the button. */
export function CardForm({ card, visitor, values = {} }: CardFormProps): VNode {
  const button = visitor ? (card.button ?? 'Run it') : 'Sign in to run it';
  return (
    <form class="run" method="post" action={pathOf(card)}>
      <CsrfField visitor={visitor} />
      {card.fields?.map((field) => (
        <Field field={field} id={`${card.id}-${field.name}`} value={values[field.name] ?? field.value} />
      ))}
      <button type="submit" aria-label={`${button}: ${card.title}`}>
        {button}
      </button>
    </form>
  );
}

function Field({
  field,
  id,
  value,
}: {
  readonly field: CardField;
  readonly id: string;
  readonly value: string;
}): VNode {
  const { name, label, options, maxLength = 200 } = field;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {options ? (
        <select id={id} name={name}>
          {options.map((option) => (
            <option value={option.value} selected={option.value === value}>
              {option.label}
            </option>
          ))}
        </select>
      ) : (
        <input id={id} name={name} value={value} maxLength={maxLength} autocomplete="off" spellcheck={false} />
      )}
    </div>
  );
}
