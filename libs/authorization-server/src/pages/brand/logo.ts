import { hash } from 'node:crypto';
import { ConfigurationError, readSmallFile } from '@onbehalf/oauth-protocol';

/** An image that this server serves itself. */
export interface Logo {
  readonly type: string;
  readonly content: Buffer;
  /** Changes with the image, so that it may be cached. */
  readonly path: string;
}

/** Bytes. */
const LARGEST = 256 * 1024;
const ACCEPTED = 'a PNG, JPEG, WebP or SVG image of no more than 256 KiB, in a file or a data: URL of base64';

/**
 * Reads the logo.
 * @throws ConfigurationError for what is no image, or one that brings more than a picture
 */
export function readLogo(given: string | undefined): Logo | undefined {
  if (given === undefined) return undefined;
  const shown = given.length > 80 ? `${given.slice(0, 80)}…` : given;
  const refuse = (accepted: string): never => {
    throw new ConfigurationError('pages.logo', shown, accepted);
  };
  const content = contentOf(given, refuse);
  if (content.length > LARGEST) refuse(ACCEPTED);
  const image = KINDS.find(({ is }) => is(content)) ?? refuse(ACCEPTED);
  if (image.type === SVG && isActive(content.toString())) {
    refuse('an SVG image without scripts, handlers, foreign objects and addresses elsewhere');
  }
  const path = `/assets/logo-${hash('sha256', content, 'hex').slice(0, 16)}.${image.ending}`;
  return { type: image.type, content, path };
}

const SVG = 'image/svg+xml';

const KINDS: readonly { type: string; ending: string; is: (content: Buffer) => boolean }[] = [
  { type: 'image/png', ending: 'png', is: (content) => content.subarray(0, 8).toString('hex') === '89504e470d0a1a0a' },
  { type: 'image/jpeg', ending: 'jpg', is: (content) => content.subarray(0, 3).toString('hex') === 'ffd8ff' },
  {
    type: 'image/webp',
    ending: 'webp',
    is: (content) => content.toString('latin1', 0, 4) === 'RIFF' && content.toString('latin1', 8, 12) === 'WEBP',
  },
  {
    type: SVG,
    ending: 'svg',
    is: (content) => /^\uFEFF?\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)*<svg[\s>]/.test(content.toString()),
  },
];

function contentOf(given: string, refuse: (accepted: string) => never): Buffer {
  const [, base64] = /^data:image\/[a-z+]+;base64,([A-Za-z0-9+/]+={0,2})$/.exec(given) ?? [];
  if (base64 !== undefined) return Buffer.from(base64, 'base64');
  if (/^(data|https?|file):/i.test(given)) return refuse(ACCEPTED);
  try {
    return readSmallFile(given, LARGEST);
  } catch (error) {
    return refuse(`${ACCEPTED} (${(error as NodeJS.ErrnoException).code ?? 'it cannot be read'})`);
  }
}

/** Whether it could do more than be looked at. The pages' policy keeps it from that, too. */
function isActive(svg: string): boolean {
  return (
    /<\s*(script|foreignObject|iframe|embed|object|!ENTITY|!DOCTYPE)/i.test(svg) ||
    /\son[a-z]+\s*=/i.test(svg) ||
    /(href|src)\s*=(?!\s*["']?\s*(#|data:image\/(png|jpeg|webp)))/i.test(svg) ||
    /url\((?!\s*["']?\s*#)/i.test(svg) ||
    /@import/i.test(svg)
  );
}
