import HeaderParser from "@fastify/busboy/deps/dicer/lib/HeaderParser.js";
import { plainDisposition } from "./part-names.ts";

/**
 * The parser of forms takes the first `filename` for UTF-8 and shows its header to nobody, so names are made
 * plain where it reads them. Its version is exact, and a test sends what real clients send.
 */
const parseHeader = HeaderParser.prototype._parseHeader;
HeaderParser.prototype._parseHeader = function (this: HeaderParser) {
  parseHeader.call(this);
  const [disposition] = this.header["content-disposition"] ?? [];
  if (disposition !== undefined) this.header["content-disposition"] = [plainDisposition(disposition)];
};
