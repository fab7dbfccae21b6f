declare module "@fastify/busboy/deps/dicer/lib/HeaderParser.js" {
  /** Reads the header of one part of a form. */
  export default class HeaderParser {
    header: Record<string, string[]>;
    _parseHeader(): void;
  }
}
