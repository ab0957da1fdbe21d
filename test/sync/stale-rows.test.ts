/** What in a page is an old copy: a row that was edited since the index was asked is none, whenever that was. */
import { describe, expect, test } from "bun:test";
import { createRandom } from "../../scripts/random.ts";
import { placesOfStale } from "../../src/sync/stale-rows.ts";

const MINUTE = 60_000;
const LINE = 1e9;
const page = (times: readonly (number | null)[]) => times.map((time, place) => ({ id: `${place}`, time }));
const hours = (length: number) => Array.from({ length }, (_, place) => (place + 1) * 60 * MINUTE);

test("a row that shows an earlier time than those before it is an old copy", () => {
  const times = hours(30);
  times[6] = 30 * MINUTE;
  expect(placesOfStale(page(times), LINE)).toEqual([6]);
});

test("so are some, wherever they stand but in the first place", () => {
  for (let seed = 0; seed < 50; seed += 1) {
    const random = createRandom(seed);
    const times = hours(200);
    const places = Array.from({ length: 18 }, (_, nth) => 10 * (nth + 1) + Math.floor(random() * 4));
    for (const place of places)
      times[place] = times[place]! - 240 * MINUTE - Math.floor(random() * 100) * MINUTE;
    const found = placesOfStale(page(times), LINE);
    expect(found).toEqual(places);
  }
});

describe("nothing is", () => {
  test("in a page in order", () => {
    expect(placesOfStale(page(hours(300)), LINE)).toEqual([]);
    expect(placesOfStale(page(Array<number>(300).fill(7)), LINE)).toEqual([]);
  });

  test("where rows were edited a moment ago, however many, and wherever they stand", () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const random = createRandom(seed);
      const share = Math.floor(random() * 100);
      const times = hours(100).map((time) =>
        Math.floor(random() * 100) < share ? LINE + Math.floor(random() * 9_000) : time,
      );
      expect(placesOfStale(page(times), LINE)).toEqual([]);
    }
  });

  test("where some were edited long ago, of which an index that stands still does not know", () => {
    const times = hours(100);
    for (const place of [3, 40, 41, 77]) times[place] = 500 * 60 * MINUTE;
    expect(placesOfStale(page(times), LINE)).toEqual([]);
  });

  test("that is earlier by less than clocks differ", () => {
    const times = hours(30);
    times[6] = times[5]! - 30_000;
    expect(placesOfStale(page(times), LINE)).toEqual([]);
  });

  test("where most are in no order, or too few to tell", () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const random = createRandom(seed);
      const shuffled = Array.from({ length: 3 + seed }, () => Math.floor(random() * LINE));
      expect(placesOfStale(page(shuffled), LINE)).toEqual([]);
    }
    expect(placesOfStale(page([...hours(20), MINUTE]), LINE)).toEqual([]);
    expect(placesOfStale(page([...Array<null>(20).fill(null), ...hours(20), MINUTE]), LINE)).toEqual([]);
  });

  test("at the open end, all of which the next run asks for again", () => {
    const times = hours(30);
    times[6] = 30 * MINUTE;
    expect(placesOfStale(page(times), Number.POSITIVE_INFINITY)).toEqual([]);
  });
});
