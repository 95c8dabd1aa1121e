import assert from "node:assert/strict";
import { MassMoves } from "../../../controllers/controller_ring/mass_moves.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";

class Setting implements Disposable {
  readonly clock = new VirtualClock();
  readonly told: string[] = [];
  readonly moves = new MassMoves(this.clock, (ring, { reason }) => this.told.push(`${ring} ${reason}`));

  move(count: number): void {
    for (let index = 0; index < count; index++) this.moves.note("ring");
  }

  [Symbol.dispose](): void {
    this.moves[Symbol.dispose]();
  }
}

Deno.test("MassMoves tells when many objects begin to move, once, and when all have settled", () => {
  using setting = new Setting();
  setting.move(99);
  assert.deepEqual(setting.told, []);
  setting.move(500);
  assert.deepEqual(setting.told, ["ring MassMoveStarted"]);
  setting.moves.settled("ring");
  assert.deepEqual(setting.told, ["ring MassMoveStarted", "ring MassMoveFinished"]);
});

Deno.test("MassMoves calls it over when nothing moves for a while", async () => {
  using setting = new Setting();
  setting.move(100);
  await setting.clock.advance(20_000);
  setting.move(1);
  await setting.clock.advance(29_000);
  assert.deepEqual(setting.told, ["ring MassMoveStarted"]);
  await setting.clock.advance(1_000);
  assert.deepEqual(setting.told, ["ring MassMoveStarted", "ring MassMoveFinished"]);
  setting.moves.settled("ring");
  assert.equal(setting.told.length, 2);
});

Deno.test("MassMoves says nothing of a few objects, however often that happens", async () => {
  using setting = new Setting();
  for (let round = 0; round < 20; round++) {
    setting.move(30);
    await setting.clock.advance(30_000);
  }
  setting.move(30);
  setting.moves.settled("ring");
  assert.deepEqual(setting.told, []);
});

Deno.test("MassMoves waits for nothing of a ring that is gone, and for nothing after its end", () => {
  const setting = new Setting();
  setting.move(100);
  setting.moves.forget("ring");
  setting.move(100);
  setting[Symbol.dispose]();
  setting.move(100);
  assert.deepEqual(setting.told, ["ring MassMoveStarted", "ring MassMoveStarted"]);
});
