import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { refusal } from "../refusal.ts";
import { type BusFixture, texts } from "./fixture.ts";

export function tellingPoints(point: DefinePoint<BusFixture>): void {
  point("tell.everyone", "every subscriber hears each message, the publisher's own too", async (fixture) => {
    const [one, two] = [await fixture.open(), await fixture.open()];
    const topic = fixture.topic();
    const heard = await Promise.all([
      fixture.listen(one, topic),
      fixture.listen(one, topic),
      fixture.listen(two, topic),
    ]);
    await one.publish(topic, "from one");
    await two.publish(topic, "from two");
    for (const ear of heard) expect((await ear.until(2)).sort()).toEqual(["from one", "from two"]);
    await fixture.quiet();
    for (const ear of heard) expect(ear.texts).toHaveLength(2);
  });

  point("tell.order", "messages of one publisher arrive in its order", async (fixture) => {
    const [one, two] = [await fixture.open(), await fixture.open()];
    const topic = fixture.topic();
    const heard = await Promise.all([fixture.listen(one, topic), fixture.listen(two, topic)]);
    const sent = texts(500);
    await Promise.all(sent.map((text) => one.publish(topic, text)));
    for (const ear of heard) expect(await ear.until(sent.length)).toEqual(sent);
  });

  point("tell.text", "texts of up to 7,000 bytes arrive as they were", async (fixture) => {
    const [one, two] = [await fixture.open(), await fixture.open()];
    const topic = fixture.topic();
    const heard = await fixture.listen(two, topic);
    const sent = [
      "",
      '{"a":"\\n"}',
      "ünïcödé 한국어 🎞 'quoted' \\ back\nline",
      "x".repeat(7_000),
      "한".repeat(2_333),
    ];
    for (const text of sent) await one.publish(topic, text);
    expect(await heard.until(sent.length)).toEqual(sent);
  });

  point("tell.oversize", "a longer text is refused with payload_too_large", async (fixture) => {
    const bus = await fixture.open();
    await refusal(bus.publish(fixture.topic(), "한".repeat(2_334)), "payload_too_large");
  });

  point("tell.unheard", "a message that nobody listens for is no error", async (fixture) => {
    const bus = await fixture.open();
    await bus.publish(fixture.topic(), "to nobody");
  });

  point("topic.isolation", "topics match exactly", async (fixture) => {
    const bus = await fixture.open();
    const base = fixture.topic();
    const longest = fixture.topic("-").padEnd(60, "n");
    const names = [base, `${base}.a`, `${base}-a`, `${base}_a`, `${base}.A`, `${base}.a.b`, longest];
    const heard = await Promise.all(names.map((name) => fixture.listen(bus, name)));
    for (const name of names) await bus.publish(name, `for ${name}`);
    await Promise.all(heard.map((ear) => ear.until(1)));
    await fixture.quiet();
    heard.forEach((ear, index) => {
      expect(ear.texts).toEqual([`for ${names[index]}`]);
    });
  });

  point("handler.throw", "a handler that throws stops neither itself nor others", async (fixture) => {
    const bus = await fixture.open();
    const topic = fixture.topic();
    const throwing = await fixture.listen(bus, topic, () => {
      throw new Error("a handler's own failure");
    });
    const other = await fixture.listen(bus, topic);
    const sent = texts(3);
    for (const text of sent) await bus.publish(topic, text);
    expect(await throwing.until(3)).toEqual(sent);
    expect(await other.until(3)).toEqual(sent);
  });

  point("subscription.close", "a closed subscription hears no more, others go on", async (fixture) => {
    const bus = await fixture.open();
    const topic = fixture.topic();
    const closed = await fixture.listen(bus, topic);
    const other = await fixture.listen(bus, topic);
    await bus.publish(topic, "both");
    await Promise.all([closed.until(1), other.until(1)]);
    await closed.subscription.close();
    await closed.subscription.close();
    await bus.publish(topic, "one");
    await other.until(2);
    await fixture.quiet();
    expect(closed.texts).toEqual(["both"]);
    await other.subscription.close();
    const again = await fixture.listen(bus, topic);
    await bus.publish(topic, "again");
    expect(await again.until(1)).toEqual(["again"]);
  });

  point("subscribe.at-once", "what is published right after subscribe resolved is heard", async (fixture) => {
    const [one, two] = [await fixture.open(), await fixture.open()];
    for (let round = 0; round < 10; round++) {
      const topic = fixture.topic();
      const heard = await fixture.listen(one, topic);
      await two.publish(topic, "at once");
      await heard.until(1);
    }
  });

  point("tell.processes", "another process is heard, in order", async (fixture) => {
    const topic = fixture.topic();
    const heard = await fixture.listen(await fixture.open(), topic);
    const sent = texts(50);
    const child = fixture.child({ errand: "tell", topic, texts: sent });
    await child.until(1, 20_000);
    expect(await heard.until(sent.length)).toEqual(sent);
  });
}
