import type { VNode } from '@onbehalf/html';

/** Where to read on, in the repository of this project. */
export function Guides({ paths }: { readonly paths: readonly string[] }): VNode {
  return (
    <p class="guides">
      Read on in{' '}
      {paths.map((path, index) => (
        <>
          {index > 0 && ' and '}
          <code>{path}</code>
        </>
      ))}
    </p>
  );
}
