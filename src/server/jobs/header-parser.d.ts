declare module "@fastify/busboy/deps/dicer/lib/HeaderParser.js" {
  /** Parses the header of one form part. */
  export default class HeaderParser {
    header: Record<string, string[]>;
    _parseHeader(): void;
  }
}
