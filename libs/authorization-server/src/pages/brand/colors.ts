import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { PagesConfig } from '../../configuration/schema/pages.schema.js';
import { contrast } from './contrast.js';

/** The colours of one kind of screen, by their names in the stylesheet. */
export type Theme = Readonly<Record<keyof typeof LIGHT, string>>;

const LIGHT = {
  ink: '#1c2430',
  muted: '#566173',
  paper: '#f5f6f8',
  card: '#ffffff',
  line: '#c6ccd6',
  field: '#727d90',
  accent: '#1f5fbf',
  'on-accent': '#ffffff',
  bad: '#a4161a',
  'bad-paper': '#fdecec',
};

const DARK: Theme = {
  ink: '#e8ebf0',
  muted: '#a6b0c0',
  paper: '#12161d',
  card: '#1b212b',
  line: '#3d4757',
  field: '#7f8a9c',
  accent: '#7fb0ff',
  'on-accent': '#0d1420',
  bad: '#ffb3b3',
  'bad-paper': '#3a1d20',
};

/** What stands on what, and how well it has to be read. WCAG 2.2, 1.4.3 and 1.4.11 */
const READABLE = [
  ['ink', 'card', 4.5],
  ['ink', 'paper', 4.5],
  ['muted', 'card', 4.5],
  ['accent', 'card', 4.5],
  ['on-accent', 'accent', 4.5],
  ['field', 'card', 3],
  ['accent', 'paper', 3],
] as const satisfies readonly (readonly [keyof Theme, keyof Theme, number])[];

export interface Colors {
  readonly light: Theme;
  readonly dark: Theme;
}

/**
 * The colours of the pages.
 * @throws ConfigurationError for one that cannot be read on another
 */
export function toColors(given: PagesConfig['colors']): Colors {
  return { light: toTheme('light', LIGHT, given?.light), dark: toTheme('dark', DARK, given?.dark) };
}

function toTheme(name: 'light' | 'dark', shipped: Theme, given: NonNullable<PagesConfig['colors']>['light']): Theme {
  const chosen = Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => value !== undefined));
  const colors: Theme = { ...shipped, ...chosen };
  // white or black, whichever is read better
  const onAccent = contrast('#ffffff', colors.accent) >= contrast('#000000', colors.accent) ? '#ffffff' : '#000000';
  const theme = given?.accent === undefined ? colors : { ...colors, 'on-accent': onAccent };
  for (const [front, back, least] of READABLE) {
    const ratio = contrast(theme[front], theme[back]);
    if (ratio >= least) continue;
    const named = [front, back].find((each) => given?.[each as keyof typeof given] !== undefined) ?? front;
    throw new ConfigurationError(
      `pages.colors.${name}.${named}`,
      theme[named as keyof Theme],
      `a colour with which ${front} is read on ${back}: a contrast of ${least}, not ${ratio.toFixed(2)}`,
    );
  }
  return theme;
}
