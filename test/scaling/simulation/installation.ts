import type { Costs } from "./costs.ts";
import { Cores, randomFrom, Timeline } from "./timeline.ts";

export interface Setting {
  /** Concurrent tasks over all processes. */
  workers: number;
  slots: number;
  apis: number;
  /** Mean duration of a task in seconds; it varies from half to one and a half times as long. */
  step: number;
  /** Tasks submitted per second, at random moments. */
  rate: number;
  cores: number;
  /** Whether API and workers run on the database's cores, as in measurements on one machine. */
  shared: boolean;
  /** Share of each core that is available to us. */
  speed: number;
  seconds: number;
  seed: number;
}

export interface Outcome {
  started: number;
  ended: number;
  startMs: { p50: number; p99: number };
  databaseMsPerSecond: number;
  /** Per second. */
  calls: { commit: number; notify: number };
  /** Number of submitted tasks that had not started at the end. */
  unstarted: number;
}

/** Number of concurrent transactions per process. */
const LANES = 2;
const LARGEST_BATCH = 500;
/** Number of listening connections per process. */
export const LISTENING = 2;

/** Simulates one installation, on PostgreSQL alone, under one load. */
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
  /** Due times of the deliveries that nobody has taken. */
  let queue: number[] = [];

  const ask = (ms: number, done: () => void) => {
    databaseMs += ms;
    database.ask(ms, done);
  };
  /** A process's own work, on one thread. */
  const processor = () => (setting.shared ? database : new Cores(time, 1));

  /** Group commit: requests that arrive while the lanes are busy share the next transaction. */
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

  /** Sends one notification at a time; requests that arrive meanwhile share the next one. */
  function notifier(onTold: () => void) {
    let [sending, wanted] = [false, false];
    const send = () => {
      if (sending || !wanted) return;
      sending = true;
      wanted = false;
      // PostgreSQL does not wait for the disk if a transaction only notifies.
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
      // Its cost is included in those of wake-ups and commands.
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
    // A reservation need not survive a crash, so it does not wait for the disk.
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

  // Wait until the load is steady.
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
