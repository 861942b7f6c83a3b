/** Jest's global tear-down, for `shared-postgres.mjs`. */
export default async function stopSharedPostgres() {
  await globalThis.sharedPostgres?.stop();
}
