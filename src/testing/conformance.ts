export { type BlobHarness, blobSuite } from "./blob-suite.ts";
export { type BrokerHarness, brokerSuite } from "./broker-suite.ts";
export { type BusHarness, busSuite } from "./bus-suite.ts";
export { type DatabaseHarness, databaseSuite } from "./database-suite.ts";
export { type LimiterHarness, limiterSuite } from "./limiter-suite.ts";
export type { ChildOpening, Outage, Point, SuiteOptions } from "./points.ts";
export { type StoreHarness, storeSuite } from "./store-suite.ts";
export { openTcpProxy, type TcpProxy, through } from "./tcp-proxy.ts";
