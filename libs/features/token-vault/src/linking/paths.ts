/** Where people see which accounts they have linked. */
export const PATH = '/linked-accounts';
