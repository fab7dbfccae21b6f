// Ends this process when its supervisor has ended, even while the process is still loading or blocked.
import process from "node:process";
import { workerData } from "node:worker_threads";

const LOOK_MS = 500;

const look = () => {
  if (process.ppid !== workerData) process.kill(process.pid, "SIGKILL");
};
look();
setInterval(look, LOOK_MS);
