/** NODE_OPTIONS that make a process believe that it is `seconds` later than it is. */
export function shiftedClock(seconds: number): string {
  const source = `
    const RealDate = Date;
    const shifted = () => RealDate.now() + ${seconds * 1000};
    globalThis.Date = class extends RealDate {
      constructor(...given) { super(...(given.length > 0 ? given : [shifted()])); }
      static now() { return shifted(); }
    };`;
  return `--import=data:text/javascript,${encodeURIComponent(source)}`;
}
