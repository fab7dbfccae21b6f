import type { Costs } from "./costs.ts";
import { Cores, randomFrom, Timeline } from "./timeline.ts";

export interface Setting {
  /** Tasks at once, over all processes. */
  workers: number;
  slots: number;
  apis: number;
  /** Seconds that a task takes: half to one and a half times as long. */
  step: number;
  /** Tasks handed in a second, at random moments. */
  rate: number;
  cores: number;
  /** API and workers run on the database's cores, as in a measurement on one machine. */
  shared: boolean;
  /** Share of each core that is there for us. */
  speed: number;
  seconds: number;
  seed: number;
}

export interface Outcome {
  started: number;
  ended: number;
  startMs: { p50: number; p99: number };
  databaseMsPerSecond: number;
  /** A second. */
  calls: { commit: number; notify: number };
  /** Tasks handed in that had not started at the end. */
  unstarted: number;
}

/** Transactions of one process that are under way at once. */
const LANES = 2;
const LARGEST_BATCH = 500;
/** Connections of each process that listen. */
export const LISTENING = 2;

/** One installation on PostgreSQL alone, at one load. */
export function simulate(costs: Costs, setting: Setting): Outcome {
  const time = new Timeline();
  const random = randomFrom(setting.seed);
  const database = new Cores(time, setting.cores, setting.speed);
  const processes = Math.ceil(setting.workers / setting.slots);
  const listeners = LISTENING * (processes + setting.apis);
  const count = { commit: 0, notify: 0, ended: 0 };
  let unstarted = 0;
  const waits: number[] = [];
  let databaseMs = 0;
  /** Deliveries that nobody has taken, by when they were due. */
  let queue: number[] = [];

  const ask = (ms: number, done: () => void) => {
    databaseMs += ms;
    database.ask(ms, done);
  };
  /** Work of a process itself: one thread. */
  const processor = () => (setting.shared ? database : new Cores(time, 1));

  /** Group commit: what is asked while the lanes are busy goes together. */
  function batches(lanes: number, flush: number, onCommitted: () => void) {
    let waiting: (() => void)[] = [];
    let running = 0;
    const start = () => {
      while (waiting.length > 0 && running < lanes) {
        const batch = waiting.slice(0, LARGEST_BATCH);
        waiting = waiting.slice(LARGEST_BATCH);
        running++;
        ask(costs.commit + costs.command * batch.length, () =>
          time.after(flush / setting.speed, () => {
            running--;
            count.commit++;
            for (const answer of batch) answer();
            onCommitted();
            start();
          }),
        );
      }
    };
    return (answer: () => void) => {
      waiting.push(answer);
      time.after(0, start);
    };
  }

  /** One notification at a time; what comes up meanwhile goes with the next. */
  function notifier(onTold: () => void) {
    let [sending, wanted] = [false, false];
    const send = () => {
      if (sending || !wanted) return;
      sending = true;
      wanted = false;
      // PostgreSQL does not wait for the disk when a transaction only notifies.
      ask(costs.wake * listeners, () => {
        count.notify++;
        sending = false;
        onTold();
        send();
      });
    };
    return () => {
      wanted = true;
      send();
    };
  }

  function workerProcess() {
    const own = processor();
    const tell = notifier(() => {});
    const commit = batches(LANES, costs.flush, tell);
    let [room, acknowledged, hungry, turning] = [setting.slots, 0, false, false];
    const turn = () => {
      const takes = hungry && room + acknowledged > 0;
      if (turning || (acknowledged === 0 && !takes)) return;
      turning = true;
      room += acknowledged;
      const wanted = takes ? room : 0;
      acknowledged = 0;
      // What this costs is counted with the waking and with the commands.
      ask(0, () => {
        const taken = queue.slice(0, wanted);
        queue = queue.slice(wanted);
        if (taken.length < wanted) hungry = false;
        room -= taken.length;
        for (const due of taken) own.ask(costs.worker / 2, () => claim(due));
        turning = false;
        turn();
      });
    };
    const claim = (due: number) =>
      commit(() => {
        waits.push(time.now - due);
        unstarted--;
        time.after(setting.step * 1_000 * (0.5 + random()), () => own.ask(costs.worker / 2, settle));
      });
    const settle = () =>
      commit(() => {
        count.ended++;
        acknowledged++;
        turn();
      });
    const wake = () => {
      hungry = true;
      turn();
    };
    every(1_000, () => {
      wake();
      tell();
      ask(costs.running * (setting.slots - room), () => {});
    });
    return { wake };
  }

  const fleet = Array.from({ length: processes }, workerProcess);
  const wakeAll = () => {
    for (const one of fleet) one.wake();
  };

  function apiProcess() {
    const own = processor();
    const [tellLog, tellWorkers] = [notifier(() => {}), notifier(wakeAll)];
    // A reservation need not outlive a crash.
    const admit = batches(1, 0, () => {});
    const create = batches(LANES, costs.flush, () => {
      tellLog();
      tellWorkers();
    });
    return (due: number) => own.ask(costs.api, () => admit(() => create(() => void queue.push(due))));
  }
  const apis = Array.from({ length: setting.apis }, apiProcess);

  const all = processes + setting.apis;
  for (let n = 0; n < all; n++) every(1_000, () => ask(costs.idle + costs.idleEach * all, () => {}));
  function every(ms: number, run: () => void) {
    const again = () => {
      run();
      time.after(ms, again);
    };
    time.after(random() * ms, again);
  }

  const arrive = () => {
    unstarted++;
    apis[Math.floor(random() * apis.length)]!(time.now);
    time.after((-Math.log(1 - random()) / setting.rate) * 1_000, arrive);
  };
  if (setting.rate > 0) arrive();

  // Until as many run as will.
  time.run(setting.step * 2_500 + 2_000);
  Object.assign(count, { commit: 0, notify: 0, ended: 0 });
  waits.length = 0;
  const workedBefore = setting.shared ? 0 : database.worked;
  databaseMs = 0;
  time.run(time.now + setting.seconds * 1_000);
  const per = (n: number) => n / setting.seconds;
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0;
  return {
    started: per(waits.length),
    ended: per(count.ended),
    startMs: { p50: at(0.5), p99: at(0.99) },
    databaseMsPerSecond: per(setting.shared ? databaseMs : database.worked - workedBefore),
    calls: { commit: per(count.commit), notify: per(count.notify) },
    unstarted,
  };
}
