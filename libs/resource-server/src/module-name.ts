/** What the messages of this library begin with. */
export const MODULE = 'ResourceServerModule';
