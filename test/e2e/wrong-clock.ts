/** Preloaded into the program, makes its clock go wrong by WRONG_CLOCK_MS: as on a laptop that was never set. */
const wrongBy = Number(process.env.WRONG_CLOCK_MS);
const RightDate = Date;

class WrongDate extends RightDate {
  constructor(...args: [] | [number | string]) {
    if (args.length === 0) super(RightDate.now() + wrongBy);
    else super(...(args as [number]));
  }

  static override now(): number {
    return RightDate.now() + wrongBy;
  }
}

globalThis.Date = WrongDate as DateConstructor;
