import HeaderParser from "@fastify/busboy/deps/dicer/lib/HeaderParser.js";
import { plainDisposition } from "./part-names.ts";

/**
 * The form parser decodes the first `filename` as UTF-8 and does not expose the header, so we patch it to normalize
 * names as it parses them. Its version is pinned, and a test sends what real clients send.
 */
const parseHeader = HeaderParser.prototype._parseHeader;
HeaderParser.prototype._parseHeader = function (this: HeaderParser) {
  parseHeader.call(this);
  const [disposition] = this.header["content-disposition"] ?? [];
  if (disposition !== undefined) this.header["content-disposition"] = [plainDisposition(disposition)];
};
