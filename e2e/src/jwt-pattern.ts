/** A JWT in any text. Three letters of it are not enough to know one by: random identifiers hold `eyJ` too, now and then. */
export const JWT = /eyJ[\w-]+\.eyJ[\w-]+/;
