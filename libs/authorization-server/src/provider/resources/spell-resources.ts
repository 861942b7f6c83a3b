import type { Parameters } from '../seam/request-seam.js';

/** Has a request name its resources as `spell` does; what it names twice counts once. RFC 8707 §2 */
export function spellResources(parameters: Parameters, spell: (indicator: string) => string): void {
  const { resource } = parameters;
  if (typeof resource === 'string') parameters['resource'] = spell(resource);
  else if (resource !== undefined) parameters['resource'] = [...new Set(resource.map(spell))];
}
