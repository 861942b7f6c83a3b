import { z } from 'zod';
import { name, scope } from './values.schema.js';

const color = z.string().regex(/^#[0-9a-f]{6}$/i, 'a colour as #rrggbb');

const theme = z.strictObject({
  accent: color.optional().describe('of buttons and links'),
  ink: color.optional().describe('of text'),
  paper: color.optional().describe('of the page'),
  card: color.optional().describe('of the sheet on the page'),
});

const language = z.string().refine(isLanguageTag, 'a language tag such as de or pt-BR (BCP 47)');

/** Whether a text is a well-formed language tag. BCP 47 */
export function isLanguageTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

/** How the pages for people look and what they say. */
export const pages = z
  .strictObject({
    name: name
      .max(60, 'no more than 60 characters')
      .optional()
      .describe('who people sign in to, in the title of each page'),
    logo: z
      .string()
      .min(1, 'the path of an image, or a data: URL of one')
      .optional()
      .describe('an image beside this file (PNG, JPEG, WebP or SVG), or a data: URL of one; above each page'),
    colors: z
      .strictObject({ light: theme.optional(), dark: theme.optional() })
      .optional()
      .describe('for light and dark screens; what cannot be read stops the start'),
    languages: z
      .string()
      .min(1, 'the path of a folder')
      .optional()
      .describe('a folder beside this file with further languages, one file each, such as pt-BR.yaml'),
    scopes: z
      .record(scope, z.union([name, z.record(language, name)], 'a sentence, or one for each language'))
      .default({})
      .describe('what each scope lets a client do, in words for users: a sentence, or one for each language'),
  })
  .prefault({})
  .describe('how the pages for people look and what they say');

export type PagesConfig = z.infer<typeof pages>;
