/** Two hands of a token: one is given, another comes back. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="8" fill="#1f5fbf"/>
<g fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round">
<path d="M7 12h16l-4-4"/><path d="M25 20H9l4 4"/></g></svg>
`;
