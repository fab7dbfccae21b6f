import type { Engine } from "../engine.ts";
import { topics } from "../messages/topics.ts";
import { type ProcessFigures, type ProcessReport, type ProcessRole, REPORT_MS } from "./figures.ts";
import { measureProcess } from "./meter.ts";

export interface Reports {
  /** Also reports that this process has ended. */
  close(): Promise<void>;
}

export interface ReportOptions {
  role: ProcessRole;
  send(report: ProcessReport): Promise<unknown> | unknown;
  /** Additional fields to report. @default none */
  more?(): Partial<ProcessFigures>;
}

/** Reports this process's resource usage every `REPORT_MS`. The next report makes up for a lost one. */
export function reportProcess({ role, send, more = () => ({}) }: ReportOptions): Reports {
  const meter = measureProcess(role);
  let { process } = meter.read();
  const tell = async () => {
    const figures = meter.read();
    process = figures.process;
    await send({ ...figures, ...more() });
  };
  const quietly = () => void tell().catch(() => {});
  quietly();
  const timer = setInterval(quietly, REPORT_MS);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      meter.close();
      await Promise.resolve(send({ ended: process })).catch(() => {});
    },
  };
}

/** Like `reportProcess`, to all API processes. */
export function reportOnBus(
  { bus }: Pick<Engine, "bus">,
  role: ProcessRole,
  more?: ReportOptions["more"],
): Reports {
  return reportProcess({
    role,
    more,
    send: (report) => bus.publish(topics.processes, JSON.stringify(report)),
  });
}
